# The only place that finds third-party packages. Nothing is downloaded here: platform/toolchain/dependencies.sh puts the
# header-only ones (xsimd 13.2 or newer, nlohmann_json, CLI11) and the sources of GoogleTest and Google Benchmark
# under SOTTO_DEPS, because Debian 12's own xsimd (8.1) has no wasm target.
if(DEFINED ENV{SOTTO_CACHE})
  set(sotto_cache "$ENV{SOTTO_CACHE}")
else()
  set(sotto_cache "$ENV{HOME}/.cache/sotto")
endif()
set(SOTTO_DEPS "${sotto_cache}/deps" CACHE PATH "folder filled by platform/toolchain/dependencies.sh")
set(SOTTO_DEPS_INCLUDE "${SOTTO_DEPS}/usr/include")

find_package(Threads REQUIRED)
if(NOT EXISTS "${SOTTO_DEPS_INCLUDE}/xsimd/xsimd.hpp" OR NOT EXISTS "${SOTTO_DEPS_INCLUDE}/nlohmann/json.hpp")
  message(FATAL_ERROR "xsimd or nlohmann_json is missing under ${SOTTO_DEPS}: run platform/toolchain/dependencies.sh")
endif()

# Header-only and private: never part of an installed interface. A folder of links, so that nothing else of the
# package prefix (and, for Emscripten, of the machine) comes into the include path.
function(sotto_header_package name folder)
  set(root "${CMAKE_BINARY_DIR}/third_party/${name}")
  file(MAKE_DIRECTORY "${root}")
  file(CREATE_LINK "${SOTTO_DEPS_INCLUDE}/${folder}" "${root}/${folder}" SYMBOLIC)
  add_library(sotto_third_party_${name} INTERFACE)
  target_include_directories(sotto_third_party_${name} SYSTEM INTERFACE "${root}")
endfunction()
sotto_header_package(xsimd xsimd)
sotto_header_package(json nlohmann)
if(SOTTO_CLI AND EXISTS "${SOTTO_DEPS_INCLUDE}/CLI")
  sotto_header_package(cli11 CLI)
endif()

if(SOTTO_TESTS)
  set(INSTALL_GTEST OFF)
  set(BUILD_GMOCK OFF)
  add_subdirectory("${SOTTO_DEPS}/usr/src/googletest" third_party/googletest EXCLUDE_FROM_ALL SYSTEM)
  target_compile_options(gtest PRIVATE -w)
  include(GoogleTest)
endif()
# Without it `sotto pull` answers that this build has no network.
if(SOTTO_CLI)
  find_package(CURL QUIET)
endif()
# Only for the target sotto_bench.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CROSSCOMPILING)
  find_package(benchmark QUIET)
endif()
