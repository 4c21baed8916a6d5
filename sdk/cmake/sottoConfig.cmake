# find_package(sotto), then link sotto::sdk. Nothing third-party is needed.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/sotto.cmake")
