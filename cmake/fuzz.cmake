# x_fuzz.cpp stands beside its parser; tests/corpus/x_fuzz holds inputs worth keeping.
#
# Under clang (the Fuzz preset) each becomes a libFuzzer program. Under any compiler each becomes
# the test corpus.x: every committed input goes through the parser once.
file(GLOB_RECURSE fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cohort/*_fuzz.cpp)

include(${CMAKE_CURRENT_LIST_DIR}/protocol_drive.cmake)

foreach(source ${fuzz_sources})
    get_filename_component(target ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" name ${target})

    if(COHORT_FUZZ)
        add_executable(${target} ${source})
        target_link_libraries(${target} PRIVATE protocol_drive cohort cohort_flags cohort_llhttp)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        set_target_properties(${target} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    endif()

    if(COHORT_TESTS)
        set(replay ${name}_corpus)
        add_executable(${replay} ${source} ${PROJECT_SOURCE_DIR}/tests/replay_main.cpp)
        target_link_libraries(${replay} PRIVATE protocol_drive cohort cohort_flags cohort_llhttp)
        add_test(NAME corpus.${name}
                 COMMAND ${replay} ${PROJECT_SOURCE_DIR}/tests/corpus/${target})
        set_tests_properties(corpus.${name} PROPERTIES TIMEOUT 120 LABELS "unit;corpus")
    endif()
endforeach()
