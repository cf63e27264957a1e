# The house, floor by floor. A room lists the rooms below it that it may include.
# ground
cohort_room(base)
# As of when it was configured: who wants to be sure says -DCOHORT_COMMIT=…, as releases do.
if(NOT DEFINED COHORT_COMMIT)
    execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
        OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
else()
    set(commit "${COHORT_COMMIT}")
endif()
set_source_files_properties(${PROJECT_SOURCE_DIR}/cohort/base/version.cpp PROPERTIES
    COMPILE_DEFINITIONS "COHORT_VERSION=\"${PROJECT_VERSION}\";COHORT_COMMIT=\"${commit}\"")
# tools
cohort_room(async base)
cohort_room(config base)
cohort_room(board base)
cohort_room(crypto base)
cohort_room(schema base)
# contact
cohort_room(process base async board)
cohort_room(ipc base async)
# senses
cohort_room(net base async board ipc)
cohort_room(observe base async board)
# services
cohort_room(http base async board crypto schema net observe)
cohort_room(control base async ipc)
# people
cohort_room(worker base async config board crypto process ipc net observe http)
cohort_room(primary base async config board crypto process ipc net observe control)
cohort_room(dashboard base async config board crypto schema process net observe http control)
cohort_embed(dashboard assets html css js)
# door
cohort_room(app base async config board crypto process ipc net observe http worker primary
            dashboard)
# roof
cohort_room(testing base async crypto process net http observe app)

# The library users link: all rooms in one archive.
set(objects "")
foreach(room ${COHORT_ROOMS})
    list(APPEND objects $<TARGET_OBJECTS:cohort_${room}>)
endforeach()
add_library(cohort STATIC ${objects})
add_library(cohort::cohort ALIAS cohort)
target_include_directories(cohort PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(cohort PUBLIC cohort_dependencies)
target_compile_features(cohort PUBLIC cxx_std_23)

# The command is no part of the library: its room stands beside it.
cohort_room(cli base async config process net observe control)
if(COHORT_SANITIZE)
    # Whoever links a sanitized archive needs the runtime: examples as well, which know no more of
    # us than this target.
    target_compile_options(cohort INTERFACE "$<BUILD_INTERFACE:${sanitize_options}>")
    target_link_options(cohort INTERFACE $<BUILD_INTERFACE:-fsanitize=${COHORT_SANITIZE}>)
endif()
