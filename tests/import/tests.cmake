# The importers, through the client program, on made and (where they are) real lists.
file(GLOB IMPORT_TESTS CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/import/test_*.py)
foreach(script ${IMPORT_TESTS})
  get_filename_component(name ${script} NAME_WE)
  string(REPLACE test_ import_ name ${name})
  add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} ${script})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600
    ENVIRONMENT "THAW=$<TARGET_FILE:thaw_program>;THAW_SHARED_DIR=${CMAKE_SOURCE_DIR}/../shared")
endforeach()
