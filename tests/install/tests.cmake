# What is installed: only the intended symbols, a soname, a pkg-config file that works.
add_test(NAME install_libthaw COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install/test_libthaw.sh ${CMAKE_BINARY_DIR}
  ${CMAKE_SOURCE_DIR} ${CMAKE_C_COMPILER})
set_tests_properties(install_libthaw PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME install_without_tests COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install/test_without_tests.sh
  ${CMAKE_SOURCE_DIR} ${CMAKE_COMMAND})
