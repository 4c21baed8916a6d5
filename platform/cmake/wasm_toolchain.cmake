# The Emscripten that platform/toolchain/emscripten.sh sets up, and its Node.js to run tests with.
if(DEFINED ENV{SOTTO_CACHE})
  set(SOTTO_EMSCRIPTEN "$ENV{SOTTO_CACHE}/emscripten")
else()
  set(SOTTO_EMSCRIPTEN "$ENV{HOME}/.cache/sotto/emscripten")
endif()
if(NOT EXISTS "${SOTTO_EMSCRIPTEN}/.complete")
  message(FATAL_ERROR "no Emscripten in ${SOTTO_EMSCRIPTEN}: run platform/toolchain/emscripten.sh")
endif()

# Everything, GoogleTest too, has threads and SIMD: objects without -pthread do not link with the others.
set(CMAKE_C_FLAGS_INIT "-pthread -msimd128")
set(CMAKE_CXX_FLAGS_INIT "-pthread -msimd128")
# CMake's questions would be asked in Debug, whose assertions need another set of system libraries (80 s).
set(CMAKE_TRY_COMPILE_CONFIGURATION Release)
set(CMAKE_CROSSCOMPILING_EMULATOR "${SOTTO_EMSCRIPTEN}/bin/node")
include("${SOTTO_EMSCRIPTEN}/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake")
