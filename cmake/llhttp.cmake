# Debian's llhttp (package node-llhttp): C sources and no library, and C only. Our parser's second
# opinion in tests and fuzzing (docs/decisions/0001-own-http-parser.md); never part of cohort.
include_guard(GLOBAL)
set(llhttp_sources /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c)
if(EXISTS /usr/share/llhttp/llhttp.c)
    add_library(llhttp_oracle STATIC ${llhttp_sources})
    target_include_directories(llhttp_oracle SYSTEM PUBLIC /usr/share/include/llhttp)
    target_compile_definitions(llhttp_oracle PUBLIC LLHTTP_STRICT_MODE=1)

    # Drives ours and theirs over the same bytes.
    add_library(protocol_drive STATIC
        ${PROJECT_SOURCE_DIR}/tests/protocol/drive.cpp
        ${PROJECT_SOURCE_DIR}/tests/protocol/llhttp_drive.cpp)
    target_link_libraries(protocol_drive PRIVATE cohort_flags PUBLIC llhttp_oracle cohort)
endif()
