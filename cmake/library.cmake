file(GLOB_RECURSE LAZYGAP_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
file(GLOB_RECURSE LAZYGAP_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.h)

add_library(lazygap STATIC ${LAZYGAP_SOURCES})
add_library(lazygap::lazygap ALIAS lazygap)
target_compile_features(lazygap PUBLIC cxx_std_20)
set_target_properties(lazygap PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(lazygap
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/generated ${RANDOM123_INCLUDE_DIR} ${LIBCSV_INCLUDE_DIR})
# One alignment and one back end on both sides of the library boundary, whatever -march its user compiles with.
target_compile_definitions(lazygap PUBLIC EIGEN_MAX_ALIGN_BYTES=64 EIGEN_USE_BLAS)
target_link_libraries(lazygap
  PUBLIC Eigen3::Eigen PkgConfig::OPENBLAS fmt::fmt
  PRIVATE Boost::headers SQLite::SQLite3 nlohmann_json::nlohmann_json tomlplusplus::tomlplusplus
          PkgConfig::LAPACKE PkgConfig::HWY PkgConfig::MUPARSER PkgConfig::LIBZIP ${LIBCSV_LIBRARY}
          Threads::Threads)

add_library(lazygap_options INTERFACE)
target_compile_options(lazygap_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers
  $<$<BOOL:${LAZYGAP_WARNINGS_AS_ERRORS}>:-Werror>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  # Vectors of SVE have no size at compile time, and the kernels keep vectors in arrays. Tests and benchmarks must
  # know the same targets as the library.
  target_compile_definitions(lazygap_options INTERFACE
    "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128)")
endif()
if(LAZYGAP_SANITIZE)
  # Left out: checks that AddressSanitizer makes superfluous or that say nothing here (there are no virtual
  # functions), and that make Eigen's templates take four times as long to compile.
  target_compile_options(lazygap_options INTERFACE -fsanitize=${LAZYGAP_SANITIZE}
    -fno-sanitize=null,object-size,vptr,alignment -fno-omit-frame-pointer -g1 -O1)
  target_link_options(lazygap_options INTERFACE -fsanitize=${LAZYGAP_SANITIZE})
endif()
if(LAZYGAP_PRECOMPILE)
  target_precompile_headers(lazygap PRIVATE <Eigen/Dense> <fmt/format.h>)
endif()
if(LAZYGAP_FUZZ)
  target_compile_options(lazygap_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_libraries(lazygap PRIVATE $<BUILD_INTERFACE:lazygap_options>)
include(cmake/embed_plans.cmake)
include(cmake/build_info.cmake)
