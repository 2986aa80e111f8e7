# The programs of tests/bench/run.sh, and the gate on the instructions of the hot path.
add_library(bench_stream STATIC ${CMAKE_CURRENT_SOURCE_DIR}/bench/stream.c ${CMAKE_CURRENT_SOURCE_DIR}/bench/messages.c)
target_link_libraries(bench_stream PUBLIC thaw_flags)
foreach(name feed sink proxy hotpath)
  add_executable(bench_${name} ${CMAKE_CURRENT_SOURCE_DIR}/bench/${name}.c)
  target_link_libraries(bench_${name} PRIVATE bench_stream engine thaw_static PkgConfig::ZMQ)
endforeach()
add_executable(bench_facts ${CMAKE_CURRENT_SOURCE_DIR}/bench/facts/bench_facts.c) # run by hand
target_link_libraries(bench_facts PRIVATE engine thaw_static PkgConfig::MSGPACK)
add_executable(bench_rules ${CMAKE_CURRENT_SOURCE_DIR}/bench/rules/bench_rules.c) # run by hand
target_link_libraries(bench_rules PRIVATE engine thaw_static PkgConfig::MSGPACK)
