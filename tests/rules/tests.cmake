# The rule library against its own tests, and the offline verbs.
file(GLOB RULE_TESTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/daemon/rules/*/*.test.yaml
  ${CMAKE_CURRENT_SOURCE_DIR}/rules/*.test.yaml)
foreach(file ${RULE_TESTS})
  get_filename_component(name ${file} NAME_WE)
  add_test(NAME rules_${name} COMMAND thaw_program rules test ${file})
endforeach()
add_test(NAME rules_library_check COMMAND thaw_program rules check ${CMAKE_SOURCE_DIR}/daemon/rules/releases
  ${CMAKE_SOURCE_DIR}/daemon/rules/sanctions ${CMAKE_SOURCE_DIR}/daemon/rules/talks
  ${CMAKE_SOURCE_DIR}/daemon/rules/rumours ${CMAKE_SOURCE_DIR}/daemon/rules/disagreements
  ${CMAKE_SOURCE_DIR}/daemon/rules/feeds ${CMAKE_SOURCE_DIR}/daemon/rules/watchlists)
set_tests_properties(rules_library_check PROPERTIES FAIL_REGULAR_EXPRESSION "warning: ")
foreach(name check test backtest)
  add_test(NAME rules_verb_${name} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/rules/test_${name}.py
    --thaw $<TARGET_FILE:thaw_program> --source ${CMAKE_SOURCE_DIR})
endforeach()
add_test(NAME rules_timeline_table COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/rules/timeline.py
  --thaw $<TARGET_FILE:thaw_program> --source ${CMAKE_SOURCE_DIR} --check)
add_test(NAME rules_timeline COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/rules/test_timeline.py
  --driver $<TARGET_FILE:rules_driver> --source ${CMAKE_SOURCE_DIR})
