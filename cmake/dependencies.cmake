# Everything here is a Debian 12 package; docs/dependencies.md says why each is used.
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(Boost 1.81.0 EXACT REQUIRED CONFIG COMPONENTS system json)

# Asio is compiled once, in cohort/async/asio.cpp, and only declared elsewhere.
add_library(cohort_dependencies INTERFACE)
target_compile_definitions(cohort_dependencies INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_STD_INVOKE_RESULT)
target_link_libraries(cohort_dependencies INTERFACE
    fmt::fmt Boost::headers Boost::system Boost::json Threads::Threads)
