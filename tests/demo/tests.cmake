# The demo: its converter field by field, and the whole of clients/demo.sh with this build.
foreach(name convert demo)
  add_test(NAME demo_${name} COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/demo/test_${name}.py)
  set_tests_properties(demo_${name} PROPERTIES ENVIRONMENT "THAW_BUILD=${CMAKE_BINARY_DIR}" TIMEOUT 900)
endforeach()
set_tests_properties(demo_demo PROPERTIES LABELS slow)
