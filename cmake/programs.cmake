# The command `cohort`, and what it starts for programs that were not built with the library.
#
# The command is linked with the rooms that it may include and what these need, not with the
# library: no supervisor is inside.
set(programs_folder ${PROJECT_BINARY_DIR}/bin)

add_executable(cohort_command ${PROJECT_SOURCE_DIR}/cohort/cli/main.cpp)
foreach(room cli control process config net ipc observe board async base)
    target_link_libraries(cohort_command PRIVATE cohort_${room})
endforeach()
target_link_libraries(cohort_command PRIVATE cohort_flags)
set_target_properties(cohort_command PROPERTIES
    OUTPUT_NAME cohort RUNTIME_OUTPUT_DIRECTORY ${programs_folder})

add_executable(cohort_primary_program ${PROJECT_SOURCE_DIR}/programs/cohort_primary.cpp)
target_link_libraries(cohort_primary_program PRIVATE cohort cohort_flags)
set_target_properties(cohort_primary_program PROPERTIES
    OUTPUT_NAME cohort-primary RUNTIME_OUTPUT_DIRECTORY ${programs_folder})
add_dependencies(cohort_command cohort_primary_program)

# What the command knows about itself, as files for the systems that look for them.
set(texts "")
foreach(text "cohort.1;help;--man" "cohort.bash;completion;bash" "_cohort;completion;zsh"
             "cohort.fish;completion;fish")
    list(POP_FRONT text file)
    add_custom_command(OUTPUT ${programs_folder}/${file}
        COMMAND cohort_command ${text} > ${programs_folder}/${file}
        DEPENDS cohort_command VERBATIM)
    list(APPEND texts ${programs_folder}/${file})
endforeach()
add_custom_target(cohort_texts ALL DEPENDS ${texts})
