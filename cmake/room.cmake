# cohort_room(name [rooms it may include...])
#
# One room = one folder = one target. Sources are found by their names: x.cpp belongs to the room,
# x_test.cpp to its test program, x_fuzz.cpp to a fuzz target, main.cpp to a program. The
# dependencies named here are the table in docs/architecture.md; tools/tidy.py checks the includes
# against the same table.
set(COHORT_ROOMS "" CACHE INTERNAL "")

function(cohort_room name)
    set(folder ${PROJECT_SOURCE_DIR}/cohort/${name})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "(_(test|fuzz|bench)|/main)\\.cpp$")
    set(target cohort_${name})
    if(sources)
        add_library(${target} OBJECT ${sources})
        target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
        target_link_libraries(${target} PRIVATE cohort_flags PUBLIC cohort_dependencies)
        foreach(room ${ARGN})
            target_link_libraries(${target} PUBLIC cohort_${room})
        endforeach()
        set(COHORT_ROOMS ${COHORT_ROOMS} ${name} CACHE INTERNAL "")
    else()
        add_library(${target} INTERFACE)
        target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR})
        target_link_libraries(${target} INTERFACE cohort_dependencies)
        foreach(room ${ARGN})
            target_link_libraries(${target} INTERFACE cohort_${room})
        endforeach()
    endif()
endfunction()
