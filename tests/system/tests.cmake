# thawd beside a real systemd (box.sh): each scenario boots a box of its own and throws it away.
set(SYSTEM_ROOT ${CMAKE_BINARY_DIR}/system-root)
add_test(NAME system_install COMMAND ${CMAKE_COMMAND} -E env DESTDIR=${SYSTEM_ROOT}
  ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --prefix /usr)
set_tests_properties(system_install PROPERTIES FIXTURES_SETUP system_root)
# Two versions of the packages, for an upgrade.
add_test(NAME system_build_packages COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/system/build_packages.sh
  ${CMAKE_BINARY_DIR} ${CMAKE_CPACK_COMMAND})
set_tests_properties(system_build_packages PROPERTIES FIXTURES_SETUP system_packages LABELS slow TIMEOUT 600)
add_test(NAME system_lintian COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/system/lintian.sh ${CMAKE_BINARY_DIR}/packages/1)
set_tests_properties(system_lintian PROPERTIES FIXTURES_REQUIRED system_packages LABELS slow SKIP_RETURN_CODE 77)

set(SYSTEM_SCENARIOS lifecycle faults activation sandbox journal runbook)
if(NOT THAW_SANITIZE) # an instrumented libthaw has to be preloaded: nothing that is ever packed
  list(APPEND SYSTEM_SCENARIOS packages)
endif()
foreach(scenario ${SYSTEM_SCENARIOS})
  add_test(NAME system_${scenario} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/system/box.sh ${scenario}
    ${SYSTEM_ROOT} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(system_${scenario} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600 LABELS slow
    FIXTURES_REQUIRED system_root)
endforeach()
if(TEST system_packages)
  set_tests_properties(system_packages PROPERTIES FIXTURES_REQUIRED "system_root;system_packages")
endif()
