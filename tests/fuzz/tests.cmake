# Each fuzz/fuzz_NAME.c is a libFuzzer program: cmake -DTHAW_FUZZ=ON with clang, then
# fuzz_NAME corpus/NAME. The libraries are instrumented too, with THAW_SANITIZE=address.
# Without a fuzzer, replay_NAME runs it over its corpus, as CTest fuzz_NAME.
file(GLOB FUZZ_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source ${FUZZ_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "fuzz_" "" target ${name})
  if(THAW_FUZZ)
    add_executable(${name} ${source})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE daemon clients engine thaw_static PkgConfig::JANSSON)
  endif()
  add_executable(replay_${target} ${source} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/replay.c)
  target_link_libraries(replay_${target} PRIVATE daemon clients engine thaw_static PkgConfig::JANSSON)
  add_test(NAME ${name} COMMAND replay_${target} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${target})
endforeach()
