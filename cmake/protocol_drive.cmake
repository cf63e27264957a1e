# Drives our HTTP automata and llhttp over the same bytes, for tests and fuzzing.
include_guard(GLOBAL)
add_library(protocol_drive STATIC EXCLUDE_FROM_ALL
    ${PROJECT_SOURCE_DIR}/tests/protocol/drive.cpp
    ${PROJECT_SOURCE_DIR}/tests/protocol/llhttp_drive.cpp)
target_link_libraries(protocol_drive PRIVATE cohort_flags PUBLIC cohort_llhttp cohort)
