# Not under sanitizers: their run-time maps terabytes and asks for calls that the sandbox forbids.
if(THAW_SANITIZE)
  return()
endif()

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

foreach(scenario lifecycle faults activation sandbox journal packages runbook)
  add_test(NAME system_${scenario} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/system/box.sh ${scenario}
    ${SYSTEM_ROOT} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(system_${scenario} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600 LABELS slow
    FIXTURES_REQUIRED system_root)
endforeach()
set_tests_properties(system_packages PROPERTIES FIXTURES_REQUIRED "system_root;system_packages")
