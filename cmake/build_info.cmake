# Which sources the library was built from, looked up at every build (configuring alone would go stale).
# As a script (cmake -P) it writes the header, as an include it arranges for that.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY ${SOURCE_DIR}
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(commit "unknown")
  endif()
  # Unlike a shell redirection this leaves an unchanged file alone.
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define LAZYGAP_COMMIT \"${commit}\"\n")
else()
  add_custom_target(lazygap_build_info
    COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUTPUT=${PROJECT_BINARY_DIR}/generated/build_info.h
            -P ${CMAKE_CURRENT_LIST_DIR}/build_info.cmake
    BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/build_info.h COMMENT "" VERBATIM)
  add_dependencies(lazygap lazygap_build_info)
endif()
