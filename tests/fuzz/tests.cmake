# Each fuzz/fuzz_NAME.c is a libFuzzer program: cmake -DTHAW_FUZZ=ON with clang, then
# fuzz_NAME corpus/NAME. The libraries are instrumented too, with THAW_SANITIZE=address.
if(THAW_FUZZ)
  file(GLOB FUZZ_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c)
  foreach(source ${FUZZ_SOURCES})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE daemon clients engine thaw_static PkgConfig::JANSSON)
  endforeach()
endif()
