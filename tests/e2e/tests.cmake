# End to end: each e2e/test_NAME.py starts a thawd of its own (harness.py) and is one CTest e2e_NAME.
# Programs over the shared libthaw, as other people's are.
foreach(program asker follower producer)
  add_executable(${program} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/${program}.c)
  target_link_libraries(${program} PRIVATE thaw_flags thaw PkgConfig::MSGPACK)
endforeach()
file(GLOB E2E_TESTS CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/e2e/test_*.py)
foreach(source ${E2E_TESTS})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "test_" "e2e_" name ${name})
  add_test(NAME ${name} COMMAND ${THAW_PYTHON} -B ${source})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "THAW_BUILD=${CMAKE_BINARY_DIR}" SKIP_RETURN_CODE 77 TIMEOUT 300)
  if(name MATCHES "e2e_(subscribers|crowd)$") # over ten seconds
    set_tests_properties(${name} PROPERTIES LABELS slow)
  endif()
endforeach()
