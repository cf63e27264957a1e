# llhttp, Node's HTTP parser, built from the C sources that Debian ships in node-llhttp. No program
# of ours links it: it is the second opinion in tests and fuzz targets (decisions/0001).
enable_language(C)
find_path(COHORT_LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
find_path(COHORT_LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
if(COHORT_LLHTTP_SOURCES AND COHORT_LLHTTP_INCLUDE)
    add_library(cohort_llhttp STATIC EXCLUDE_FROM_ALL
        ${COHORT_LLHTTP_SOURCES}/api.c ${COHORT_LLHTTP_SOURCES}/http.c
        ${COHORT_LLHTTP_SOURCES}/llhttp.c)
    target_include_directories(cohort_llhttp SYSTEM PUBLIC ${COHORT_LLHTTP_INCLUDE})
    # Strict mode changes the layout of nothing but the behaviour of all: header and sources agree.
    target_compile_definitions(cohort_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
    target_compile_options(cohort_llhttp PRIVATE -w)
else()
    message(FATAL_ERROR "the tests need llhttp's sources: apt-get install node-llhttp")
endif()
