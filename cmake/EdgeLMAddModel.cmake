# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compiles an exported model into a library of the project that uses EdgeLM.

# edgelm_add_model(<name> MODEL <folder or file> [TARGET <target>] [QUANT <format>] [CONTEXT <tokens>] [KV <type>]
#                  [NAME <C identifier>] [FREESTANDING] [OPTIONS <more of edgelm-compile>...])
#
# <name> becomes a library to link with: it brings the folder of the model's header, the threads that a hosted product
# may start, and the rule that compiles the model again when it or edgelm-compile is newer. MODEL is relative to the
# current source folder; the other words are those of edgelm-compile. The header is <C identifier>.h.
function(edgelm_add_model name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "FREESTANDING" "MODEL;TARGET;QUANT;CONTEXT;KV;NAME" "OPTIONS")
  if(NOT arg_MODEL)
    message(FATAL_ERROR "edgelm_add_model(${name}): expected MODEL and an exported model's folder or file")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "edgelm_add_model(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(model "${arg_MODEL}" ABSOLUTE)
  if(NOT EXISTS "${model}")
    message(FATAL_ERROR "edgelm_add_model(${name}): no such file or folder: ${model}")
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET host)
  endif()
  if(NOT arg_NAME)
    get_filename_component(arg_NAME "${model}" NAME_WE)
    string(MAKE_C_IDENTIFIER "${arg_NAME}" arg_NAME)
  endif()

  set(output "${CMAKE_CURRENT_BINARY_DIR}/${name}.edgelm")
  set(folder "${output}/${arg_TARGET}")
  set(library "${folder}/lib${arg_NAME}.a")
  set(command "${EdgeLM_COMPILE}" "${model}" -o "${output}" --target "${arg_TARGET}" --name "${arg_NAME}")
  foreach(option QUANT CONTEXT KV)
    if(arg_${option})
      string(TOLOWER ${option} flag)
      list(APPEND command --${flag} "${arg_${option}}")
    endif()
  endforeach()
  if(arg_FREESTANDING)
    list(APPEND command --freestanding)
  endif()
  set(inputs "${model}")
  if(IS_DIRECTORY "${model}")
    file(GLOB_RECURSE inputs CONFIGURE_DEPENDS "${model}/*")
  endif()
  add_custom_command(OUTPUT "${library}" BYPRODUCTS "${folder}/${arg_NAME}.h"
    COMMAND ${command} ${arg_OPTIONS}
    DEPENDS ${inputs} "${EdgeLM_COMPILE}"
    COMMENT "Compiling the model ${arg_NAME} for ${arg_TARGET}" VERBATIM)
  add_custom_target(${name}_compile DEPENDS "${library}")

  file(MAKE_DIRECTORY "${folder}") # an include folder has to exist when the project is configured
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${library}")
  target_include_directories(${name} INTERFACE "${folder}")
  if(NOT arg_FREESTANDING AND NOT CMAKE_SYSTEM_NAME STREQUAL "Generic")
    find_package(Threads REQUIRED)
    target_link_libraries(${name} INTERFACE Threads::Threads)
  endif()
  add_dependencies(${name} ${name}_compile)
endfunction()
