# cmake --install: the tools, the runtime and its headers, and a package for find_package(dlc), which defines
# dlc::runtime and dlc::runtime_static. All paths are relative to the prefix, which may be moved.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# LLVM's folder is on no default path.
set_target_properties(dlc-compile PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS dlc-compile dlc-run dlc-inspect)
install(TARGETS dlc_runtime dlc_runtime_static EXPORT dlc
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/runtime/include/dlc/dlc.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dlc)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/dlc/ABI DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dlc)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/dlc)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dlcConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT dlc FILE dlcConfig.cmake NAMESPACE dlc:: DESTINATION ${package})
install(FILES ${PROJECT_BINARY_DIR}/dlcConfigVersion.cmake DESTINATION ${package})
