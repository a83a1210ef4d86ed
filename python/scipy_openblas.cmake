# The OpenBLAS of the package scipy-openblas32 has LAPACKE and libgfortran inside, and every symbol of it begins with
# scipy_, so that it never meets the BLAS of NumPy. The library is linked with it as it was compiled: objcopy gives the
# BLAS symbols that a copy of it needs their prefix.
#
# Sets `library`, `blas` and `blas_prefix`.
execute_process(COMMAND ${Python_EXECUTABLE} -c "import scipy_openblas32 as s; print(s.get_lib_dir())"
                OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE blas_folder COMMAND_ERROR_IS_FATAL ANY)
set(blas ${blas_folder}/libscipy_openblas.so)
set(blas_prefix scipy_)

function(symbols_of result)  # nm option... file
  execute_process(COMMAND ${CMAKE_NM} -P ${ARGN} OUTPUT_VARIABLE text ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${text}")
  list(TRANSFORM lines REPLACE " .*" "")
  list(REMOVE_DUPLICATES lines)
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

symbols_of(offered -D --defined-only ${blas})
list(FILTER offered INCLUDE REGEX "^scipy_")
list(TRANSFORM offered REPLACE "^scipy_" "")
symbols_of(needed -u ${LAZYGAP_LIBRARY})
set(renames "")
foreach(symbol ${needed})
  if(symbol IN_LIST offered)
    string(APPEND renames "${symbol} scipy_${symbol}\n")
  endif()
endforeach()
if(renames STREQUAL "")
  message(FATAL_ERROR "${LAZYGAP_LIBRARY} needs no symbol that ${blas} offers")
endif()
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/renames.txt "${renames}")

set(library ${CMAKE_CURRENT_BINARY_DIR}/liblazygap.a)
add_custom_command(OUTPUT ${library}
  COMMAND ${CMAKE_OBJCOPY} --redefine-syms=${CMAKE_CURRENT_BINARY_DIR}/renames.txt ${LAZYGAP_LIBRARY} ${library}
  DEPENDS ${LAZYGAP_LIBRARY} ${CMAKE_CURRENT_BINARY_DIR}/renames.txt VERBATIM)
add_custom_target(lazygap_renamed DEPENDS ${library})
