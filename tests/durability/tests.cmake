# The promises of the journal, with the real daemon: tests/e2e/harness.py runs it.
# What lets calls of thawd fail; the sanitizers have the same calls for themselves.
if(NOT THAW_SANITIZE)
  add_library(durability_faults MODULE ${CMAKE_CURRENT_SOURCE_DIR}/durability/faults.c)
  target_compile_definitions(durability_faults PRIVATE _GNU_SOURCE)
  target_compile_options(durability_faults PRIVATE -Wall -Wextra -Werror)
  set_target_properties(durability_faults PROPERTIES PREFIX "")
  set(DURABILITY_FAULTS $<TARGET_FILE:durability_faults>)
endif()
file(GLOB DURABILITY_TESTS CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/durability/test_*.py)
foreach(source ${DURABILITY_TESTS})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "test_" "durability_" name ${name})
  add_test(NAME ${name} COMMAND ${THAW_PYTHON} -B ${source})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 ENVIRONMENT
    "THAW_BUILD=${CMAKE_BINARY_DIR};THAW_FAULTS=${DURABILITY_FAULTS};PYTHONPATH=${CMAKE_CURRENT_SOURCE_DIR}/e2e")
endforeach()
set_tests_properties(durability_disk durability_kill durability_retention durability_faults durability_image_held PROPERTIES LABELS slow)
set_tests_properties(durability_faults PROPERTIES TIMEOUT 900) # a start for each call
