# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Finds Debian's LLVM/MLIR 22 and sets what every target of ours is compiled with.

find_program(CCACHE ccache)
if(CCACHE)
  # Relative paths in the cache let several work trees share it.
  # The sloppiness is what ccache asks for with precompiled headers.
  set(EDGELM_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_PCH_EXTSUM=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${EDGELM_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${EDGELM_LAUNCHER})
endif()

# "22" alone is rejected by the package, and without the hint it is not found.
find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_LINK_LLVM_DYLIB ON)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
set(LLVM_RUNTIME_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(MLIR_BINARY_DIR ${PROJECT_BINARY_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND ${LLVM_DEFINITIONS})
list(FILTER LLVM_DEFINITIONS_LIST EXCLUDE REGEX "_GLIBCXX_USE_CXX11_ABI")

# The runtime is compiled to bitcode by the clang that matches the LLVM we link.
find_program(EDGELM_CLANG NAMES clang-22 REQUIRED)
find_program(EDGELM_LLVM_LINK NAMES llvm-link HINTS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)

# edgelm_add_library(NAME SOURCES... [LLVM] [MLIR] [DEPENDS targets] [LINK libs]):
# a static library of ours; LLVM or MLIR link Debian's shared library of that name.
function(edgelm_add_library name)
  cmake_parse_arguments(ARG "LLVM;MLIR" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  edgelm_settings(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  if(ARG_LLVM OR ARG_MLIR)
    edgelm_use_llvm(${name})
  endif()
  if(ARG_MLIR)
    target_link_libraries(${name} PUBLIC MLIR)
    edgelm_use_precompiled(${name})
  endif()
endfunction()

# edgelm_use_precompiled(TARGET): reads MLIR's headers parsed already (lib/Precompiled.h), a third of the time of a build.
# Not CMake's own way: that puts the build folder's path into every command, and ccache would not share between folders.
function(edgelm_use_precompiled name)
  set(parsed ${PROJECT_BINARY_DIR}/Precompiled.pch)
  if(NOT TARGET EdgeLMPrecompiled)
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    separate_arguments(flags NATIVE_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
    list(TRANSFORM LLVM_INCLUDE_DIRS PREPEND -isystem OUTPUT_VARIABLE includes)
    add_custom_command(OUTPUT ${parsed}
      COMMAND ${CMAKE_CXX_COMPILER} ${flags} -std=c++20 -fPIC ${LLVM_DEFINITIONS_LIST} ${includes}
        -Xclang -fno-pch-timestamp -x c++-header ${PROJECT_SOURCE_DIR}/lib/Precompiled.h -o ${parsed}
      DEPENDS ${PROJECT_SOURCE_DIR}/lib/Precompiled.h VERBATIM)
    add_custom_target(EdgeLMPrecompiled DEPENDS ${parsed})
    # What ccache compares instead of the file, which holds paths.
    file(SHA256 ${PROJECT_SOURCE_DIR}/lib/Precompiled.h hash)
    file(WRITE ${parsed}.sum "${hash} ${LLVM_PACKAGE_VERSION} ${flags}\n")
  endif()
  add_dependencies(${name} EdgeLMPrecompiled)
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:SHELL:-include-pch ${parsed}>)
endfunction()

# edgelm_settings(TARGET): warnings and include root of our own code.
function(edgelm_settings name)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib ${PROJECT_BINARY_DIR}/lib)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter $<$<COMPILE_LANGUAGE:CXX>:-Wno-comment>)
endfunction()

# edgelm_use_llvm(TARGET): include paths, definitions and the shared library.
function(edgelm_use_llvm name)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_definitions(${name} PUBLIC ${LLVM_DEFINITIONS_LIST})
  target_link_libraries(${name} PUBLIC LLVM)
endfunction()
