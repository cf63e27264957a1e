# Everything here is a Debian 12 package; docs/dependencies.md says why each is used.
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81.0 EXACT REQUIRED CONFIG COMPONENTS system json)

# Asio is compiled once, in cohort/async/asio.cpp, and only declared elsewhere.
add_library(cohort_dependencies INTERFACE)
target_compile_definitions(cohort_dependencies INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_STD_INVOKE_RESULT)
target_link_libraries(cohort_dependencies INTERFACE
    fmt::fmt Boost::headers Boost::system Boost::json Threads::Threads)
# By name, since these packages of Debian bring no CMake package: -lnghttp2 is all there is to know.
# What a program does not use of them, the linker leaves out of it.
target_link_options(cohort_dependencies INTERFACE LINKER:--as-needed)
target_link_libraries(cohort_dependencies INTERFACE
    OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB nghttp2 re2 brotlienc brotlidec zstd hiredis)
