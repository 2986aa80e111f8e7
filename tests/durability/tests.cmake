# The promises of the journal, with the real daemon: tests/e2e/harness.py runs it.
file(GLOB DURABILITY_TESTS CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/durability/test_*.py)
foreach(source ${DURABILITY_TESTS})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "test_" "durability_" name ${name})
  add_test(NAME ${name} COMMAND ${THAW_PYTHON} -B ${source})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 ENVIRONMENT
    "THAW_BUILD=${CMAKE_BINARY_DIR};PYTHONPATH=${CMAKE_CURRENT_SOURCE_DIR}/e2e")
endforeach()
set_tests_properties(durability_kill durability_retention PROPERTIES LABELS slow)
