# cmake -D BUILD_DIR=... -D WORK_DIR=... -D GENERATOR=... -D COMPILER=... -P run.cmake
#
# Installs BUILD_DIR into a fresh prefix under WORK_DIR, moves the prefix, and builds and runs two programs there.

file(REMOVE_RECURSE ${WORK_DIR})
execute_process(
  COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/installed
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
# The package must not remember where it was installed.
file(RENAME ${WORK_DIR}/installed ${WORK_DIR}/prefix)
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK_DIR}/build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_PREFIX_PATH=${WORK_DIR}/prefix
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build COMMAND_ERROR_IS_FATAL ANY)
function(expect program printed)
  execute_process(
    COMMAND ${WORK_DIR}/build/${program}
    OUTPUT_VARIABLE out OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT out STREQUAL printed)
    message(FATAL_ERROR "${program} printed `${out}`, not `${printed}`")
  endif()
  message(STATUS "${program} printed ${out}")
endfunction()

expect(consumer "ESTABLISHED\n70 states\n0 clients")
expect(embedder closed)
