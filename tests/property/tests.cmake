# The facts of the engine against a slow model of them, over random cases.
add_executable(facts_driver ${CMAKE_CURRENT_SOURCE_DIR}/property/facts_driver.c
  ${CMAKE_CURRENT_SOURCE_DIR}/property/facts_driver_watch.c)
target_link_libraries(facts_driver PRIVATE clients engine thaw_static PkgConfig::MSGPACK PkgConfig::JANSSON)
add_test(NAME property_model COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/property/test_model.py)
add_test(NAME property_facts COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/property/test_facts.py
  --driver $<TARGET_FILE:facts_driver>)
set_tests_properties(property_facts PROPERTIES TIMEOUT 600)

# The rules of the engine against a model that works every alert out anew.
add_executable(rules_driver ${CMAKE_CURRENT_SOURCE_DIR}/property/rules_driver.c)
target_link_libraries(rules_driver PRIVATE clients engine thaw_static PkgConfig::MSGPACK PkgConfig::JANSSON)
add_test(NAME property_rules COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/property/test_rules.py
  --driver $<TARGET_FILE:rules_driver>)
