# How every translation unit of ours is compiled.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(COHORT_CCACHE ccache)
if(COHORT_CCACHE)
    # Paths relative to the source tree let several build trees share what they compiled.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
                 ${COHORT_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_library(cohort_flags INTERFACE)
target_compile_options(cohort_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wold-style-cast -Wcast-qual
    # {.cpu_bound = true} leaves the other members to their defaults, and that is what it is for.
    -Wno-missing-field-initializers
    -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 sees uninitialised memory in optionals of shared pointers and in coroutine frames, and
    # overlapping copies in every "text" + string (its bug 105651).
    target_compile_options(cohort_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(COHORT_WERROR)
    target_compile_options(cohort_flags INTERFACE -Werror)
endif()
if(COHORT_SANITIZE)
    set(sanitize_options -fsanitize=${COHORT_SANITIZE} -fno-sanitize-recover=all -g1)
    if(COHORT_SANITIZE MATCHES "undefined")
        # Before it looks at an object of a class new to it, this check asks the kernel through a
        # pipe whether the memory is there. In a process without a free descriptor (tests/process
        # makes some) it takes every object for broken.
        list(APPEND sanitize_options -fno-sanitize=vptr)
    endif()
    target_compile_options(cohort_flags INTERFACE ${sanitize_options})
    target_link_options(cohort_flags INTERFACE -fsanitize=${COHORT_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # At -O1 GCC inlines Asio's operator delete of a coroutine frame and not its operator new,
        # and takes the two for strangers. AddressSanitizer looks at run time.
        target_compile_options(cohort_flags INTERFACE -Wno-mismatched-new-delete)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND COHORT_SANITIZE MATCHES "thread")
        # GCC's TSan cannot see fences; the plain build keeps the warning on.
        target_compile_options(cohort_flags INTERFACE -Wno-tsan)
    endif()
endif()
