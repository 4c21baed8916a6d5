# sotto_layer: one folder of the house as one static library. sotto_test: one GoogleTest binary.
add_library(sotto_options INTERFACE)
target_compile_features(sotto_options INTERFACE cxx_std_20)
# -ffp-contract=off: a*b+c is fused only where a kernel says so; otherwise two compilers, or two targets, give other numbers.
target_compile_options(sotto_options INTERFACE -Wall -Wextra -Wshadow -ffp-contract=off -fvisibility=hidden
  $<$<BOOL:${SOTTO_WERROR}>:-Werror>)

# Most of a small file's compile time goes to the standard library's headers. Sources include what they use all the same: the
# preset package goes without.
option(SOTTO_PRECOMPILED_HEADERS "precompile what all layers include" ON)
function(sotto_precompile target)
  if(SOTTO_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} ${ARGN})
  endif()
endfunction()

# sotto_layer(NAME SOURCES ... [DEPENDS layers above it ...] [PRIVATE libraries ...])
function(sotto_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(sotto_${name} STATIC ${arg_SOURCES})
  foreach(folder IN ITEMS platform/include sdk/include platform/src sdk/src)
    target_include_directories(sotto_${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/${folder}>")
  endforeach()
  list(TRANSFORM arg_DEPENDS PREPEND sotto_)
  list(TRANSFORM arg_PRIVATE REPLACE "(.+)" "$<BUILD_INTERFACE:\\1>")
  target_link_libraries(sotto_${name} PUBLIC $<BUILD_INTERFACE:sotto_options> ${arg_DEPENDS} PRIVATE ${arg_PRIVATE})
  target_compile_features(sotto_${name} PUBLIC cxx_std_20)
  if(EMSCRIPTEN)
    target_compile_options(sotto_${name} PRIVATE -fno-exceptions -fno-rtti)
  endif()
  if(name STREQUAL platform)  # the first one
    sotto_precompile(sotto_platform PRIVATE <algorithm> <functional> <memory> <optional> <span> <string> <variant> <vector> <sotto/result.h>)
  else()
    sotto_precompile(sotto_${name} REUSE_FROM sotto_platform)
  endif()
  set_property(GLOBAL APPEND PROPERTY SOTTO_LAYERS sotto_${name})
endfunction()

# A test program in Node.js: real files, real environment, the memory of a 32-bit machine. -O1: compiled code is optimized already,
# and wasm-opt over every test program would take longer than the tests.
set(SOTTO_WASM_TEST_LINK_OPTIONS -O1 -pthread -sPROXY_TO_PTHREAD -sEXIT_RUNTIME -sPTHREAD_POOL_SIZE=8 -sPTHREAD_POOL_SIZE_STRICT=0
  -sNODERAWFS -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB -Wno-pthreads-mem-growth -sSTACK_SIZE=1MB -sDEFAULT_PTHREAD_STACK_SIZE=1MB
  --pre-js "${PROJECT_SOURCE_DIR}/tests/support/node_environment.js")

# sotto_test(NAME SOURCES ... LAYERS ... [LABELS ...] [PRIVATE libraries ...] [WASM_ARGUMENTS ...])
# Each test case is its own ctest entry natively; one entry per binary in wasm, where a process start costs 0.4 s.
function(sotto_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LAYERS;LABELS;PRIVATE;WASM_ARGUMENTS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_LAYERS PREPEND sotto_)
  target_link_libraries(${name} PRIVATE ${arg_LAYERS} sotto_test_support ${arg_PRIVATE} gtest gtest_main)
  target_precompile_headers(${name} REUSE_FROM sotto_test_precompiled)
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(EMSCRIPTEN)
    target_link_options(${name} PRIVATE ${SOTTO_WASM_TEST_LINK_OPTIONS})
    add_test(NAME ${name} COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${name}> ${arg_WASM_ARGUMENTS})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  else()
    gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABELS}")
  endif()
endfunction()
