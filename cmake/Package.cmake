# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What `cmake --install` writes, and find_package(EdgeLM) in the build tree (EdgeLM_DIR is the build folder).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/EdgeLM)
install(TARGETS edgelm-compile edgelm-eval edgelm-opt edgelm-run DESTINATION ${CMAKE_INSTALL_BINDIR})
set(EDGELM_COMPILE ${CMAKE_INSTALL_BINDIR}/edgelm-compile)
configure_package_config_file(cmake/EdgeLMConfig.cmake.in ${PROJECT_BINARY_DIR}/install/EdgeLMConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS EDGELM_COMPILE)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/EdgeLMConfigVersion.cmake COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/install/EdgeLMConfig.cmake ${PROJECT_BINARY_DIR}/EdgeLMConfigVersion.cmake
  cmake/EdgeLMAddModel.cmake DESTINATION ${package})

set(EDGELM_COMPILE ${PROJECT_BINARY_DIR}/bin/edgelm-compile)
configure_package_config_file(cmake/EdgeLMConfig.cmake.in ${PROJECT_BINARY_DIR}/EdgeLMConfig.cmake
  INSTALL_DESTINATION ${PROJECT_BINARY_DIR} INSTALL_PREFIX ${PROJECT_BINARY_DIR} PATH_VARS EDGELM_COMPILE)
configure_file(cmake/EdgeLMAddModel.cmake ${PROJECT_BINARY_DIR}/EdgeLMAddModel.cmake COPYONLY)
