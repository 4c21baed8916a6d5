# Builds and runs consumer/ and native-demo/desktop against an installed SDK; with WAY=add_subdirectory only configures consumer/, the
# sources being the same.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
set(consumer "${CMAKE_CURRENT_LIST_DIR}/consumer")
set(configure ${CMAKE_COMMAND} -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
  "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Release)
if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install "${SOTTO_BUILD}" --prefix "${WORK}/prefix")
  run(${configure} -S "${consumer}" -B "${WORK}/build" "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DREADME=${SOTTO_SOURCE}/README.md")
  run(${CMAKE_COMMAND} --build "${WORK}/build")
  run("${WORK}/build/consumer")
  run(${configure} -S "${SOTTO_SOURCE}/native-demo/desktop" -B "${WORK}/desktop" "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
  run(${CMAKE_COMMAND} --build "${WORK}/desktop")
else()
  run(${configure} -S "${consumer}" -B "${WORK}/build" "-DSOTTO_SOURCE=${SOTTO_SOURCE}")
endif()
