# cmake --install build/release --prefix P: library, headers and CMake package, the program with its manual page and
# completion for bash, zsh and fish, the built-in plans.
include(CMakePackageConfigHelpers)
set(LAZYGAP_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/lazygap)

install(TARGETS lazygap EXPORT lazygap_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lazygap DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS lazygap_app RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plans/ DESTINATION ${CMAKE_INSTALL_DATADIR}/lazygap/plans
  FILES_MATCHING PATTERN "*.toml")

get_property(made GLOBAL PROPERTY LAZYGAP_MADE_FOLDER)
install(FILES ${made}/lazygap.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/lazygap DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${made}/_lazygap DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${made}/lazygap.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(EXPORT lazygap_targets NAMESPACE lazygap:: FILE lazygap-targets.cmake DESTINATION ${LAZYGAP_PACKAGE_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/lazygap-config.cmake.in
  ${PROJECT_BINARY_DIR}/lazygap-config.cmake INSTALL_DESTINATION ${LAZYGAP_PACKAGE_DIR}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Below 1.0 a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lazygap-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lazygap-config.cmake ${PROJECT_BINARY_DIR}/lazygap-config-version.cmake
  DESTINATION ${LAZYGAP_PACKAGE_DIR})
