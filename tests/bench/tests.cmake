# The programs of tests/bench/run.sh, and the gate on the instructions of the hot path.
add_library(bench_stream STATIC ${CMAKE_CURRENT_SOURCE_DIR}/bench/stream.c ${CMAKE_CURRENT_SOURCE_DIR}/bench/messages.c)
target_link_libraries(bench_stream PUBLIC thaw_flags)
foreach(name feed sink proxy publish echo file hotpath)
  add_executable(bench_${name} ${CMAKE_CURRENT_SOURCE_DIR}/bench/${name}.c)
  target_link_libraries(bench_${name} PRIVATE bench_stream engine thaw_static PkgConfig::ZMQ PkgConfig::MSGPACK)
endforeach()
add_executable(bench_facts ${CMAKE_CURRENT_SOURCE_DIR}/bench/facts/bench_facts.c) # run by hand
target_link_libraries(bench_facts PRIVATE engine thaw_static PkgConfig::MSGPACK)
add_executable(bench_rules ${CMAKE_CURRENT_SOURCE_DIR}/bench/rules/bench_rules.c) # run by hand
target_link_libraries(bench_rules PRIVATE engine thaw_static PkgConfig::MSGPACK)

add_executable(bench_dump ${CMAKE_CURRENT_SOURCE_DIR}/bench/peers/dump.c)
target_link_libraries(bench_dump PRIVATE bench_stream thaw_static PkgConfig::MSGPACK)

# Peers, only where run.sh has installed them.
function(add_peer name header library)
  find_path(BENCH_${name}_HEADER ${header})
  find_library(BENCH_${name}_LIBRARY ${library})
  if(BENCH_${name}_HEADER AND BENCH_${name}_LIBRARY)
    add_executable(bench_${name} ${CMAKE_CURRENT_SOURCE_DIR}/bench/peers/${name}.c)
    target_include_directories(bench_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/bench)
    target_link_libraries(bench_${name} PRIVATE bench_stream ${BENCH_${name}_LIBRARY} m)
  endif()
endfunction()
add_peer(nats_publish nats/nats.h nats)
add_peer(redis_publish hiredis/hiredis.h hiredis)
add_peer(clips_rules clips/clips.h clips)

add_test(NAME bench_instructions COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/gate.py
  --hotpath $<TARGET_FILE:bench_hotpath> "--build=${CMAKE_C_COMPILER_ID} ${CMAKE_BUILD_TYPE} ${THAW_SANITIZE}")
set_tests_properties(bench_instructions PROPERTIES SKIP_RETURN_CODE 77)
# What a report on a measure costs does not grow with all that was said of it before.
if(NOT THAW_SANITIZE)
  add_test(NAME bench_growth COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/facts/scaling.py
    --driver $<TARGET_FILE:facts_driver> --instructions --reports 500 --at-most 1.5
    one_party_by_many one_measure one_party_to_and_fro)
  set_tests_properties(bench_growth PROPERTIES SKIP_RETURN_CODE 77)
endif()
