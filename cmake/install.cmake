# What a program outside this tree needs: headers, the archive, a CMake package, a pkg-config file;
# and a Debian package made of these.
include(CMakePackageConfigHelpers)

# Installing takes what `cohort` needs; it does not build tests and benchmarks first.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cohort)

install(TARGETS cohort cohort_dependencies EXPORT cohort-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT cohort-targets NAMESPACE cohort:: DESTINATION ${package_folder})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/cohort/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cohort
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*_test.hpp" EXCLUDE)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/cohort-config.cmake.in
    ${PROJECT_BINARY_DIR}/cohort-config.cmake INSTALL_DESTINATION ${package_folder})
# Before 1.0 a new minor version may change anything.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cohort-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cohort-config.cmake
              ${PROJECT_BINARY_DIR}/cohort-config-version.cmake
        DESTINATION ${package_folder})

# The same definitions as in cmake/dependencies.cmake, spelled for compilers.
get_target_property(definitions cohort_dependencies INTERFACE_COMPILE_DEFINITIONS)
list(TRANSFORM definitions PREPEND "-D")
list(JOIN definitions " " COHORT_DEFINITIONS)
set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH COHORT_PREFIX_FROM_PC /prefix/${pkgconfig_folder} /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/cohort.pc.in ${PROJECT_BINARY_DIR}/cohort.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cohort.pc DESTINATION ${pkgconfig_folder})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcohort-dev RENAME copyright)

# Where they were not built they are not installed: `cohort` alone is enough to link programs.
if(COHORT_PROGRAMS)
    install(TARGETS cohort_command cohort_primary_program OPTIONAL
            RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    set(share ${CMAKE_INSTALL_DATADIR})
    install(FILES ${programs_folder}/cohort.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
    install(FILES ${programs_folder}/cohort.bash RENAME cohort OPTIONAL
            DESTINATION ${share}/bash-completion/completions)
    install(FILES ${programs_folder}/_cohort OPTIONAL
            DESTINATION ${share}/zsh/vendor-completions)
    install(FILES ${programs_folder}/cohort.fish OPTIONAL
            DESTINATION ${share}/fish/vendor_completions.d)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libcohort-dev)
set(CPACK_PACKAGE_CONTACT "The Cohort authors <cohort@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libboost1.81-dev, libboost-system1.81-dev, \
libboost-json1.81-dev, libfmt-dev (>= 9), libssl-dev, libnghttp2-dev, libre2-dev, zlib1g-dev, \
libbrotli-dev, libzstd-dev, libhiredis-dev")
include(CPack)
