# The manual pages, the journal's catalog and the completion against the programs.
add_test(NAME manual_pages COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/manuals/test_pages.py
  $<TARGET_FILE:thaw_program> $<TARGET_FILE:thawd> ${CMAKE_SOURCE_DIR})
set_tests_properties(manual_pages PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME completion COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/manuals/test_completion.sh
  $<TARGET_FILE:thaw_program> ${CMAKE_SOURCE_DIR}/clients/completion/thaw)
add_test(NAME manual_rooms COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/manuals/test_rooms.py
  ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
set_tests_properties(manual_rooms PROPERTIES SKIP_RETURN_CODE 77)
