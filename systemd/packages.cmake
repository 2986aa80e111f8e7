# Debian packages: `cpack -G DEB` in the build folder makes thawd, thaw, libthaw1 and libthaw-dev.
# Included last, by the CMakeLists.txt at the top.
set(THAW_DEBIAN ${CMAKE_CURRENT_LIST_DIR}/debian)
find_program(GZIP gzip REQUIRED)

# Manual pages, compressed as Debian wants them.
function(install_pages component)
  foreach(page ${ARGN})
    get_filename_component(name ${page} NAME)
    string(REGEX MATCH "[1-8]$" number ${name})
    set(packed ${CMAKE_BINARY_DIR}/man/${name}.gz)
    add_custom_command(OUTPUT ${packed} DEPENDS ${page} VERBATIM
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
      COMMAND sh -c "exec \"$1\" -9nc <\"$2\" >\"$3\"" sh ${GZIP} ${page} ${packed})
    list(APPEND all ${packed})
    install(FILES ${packed} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${number} COMPONENT ${component})
  endforeach()
  add_custom_target(manual_pages_${component} ALL DEPENDS ${all})
endfunction()
file(GLOB THAW_PAGES CONFIGURE_DEPENDS clients/man/*.1)
file(GLOB THAWD_PAGES CONFIGURE_DEPENDS daemon/*.[58] daemon/rules/*.5 systemd/*.7)
install_pages(thaw ${THAW_PAGES})
install_pages(thawd ${THAWD_PAGES})
install_pages(development ${CMAKE_SOURCE_DIR}/proto/libthaw.3 ${CMAKE_SOURCE_DIR}/proto/thaw-protocol.7)
install(FILES clients/completion/thaw DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT thaw)

# What each package has of Debian's own.
set(changelog ${CMAKE_BINARY_DIR}/changelog.gz)
add_custom_command(OUTPUT ${changelog} DEPENDS ${THAW_DEBIAN}/changelog VERBATIM
  COMMAND sh -c "exec \"$1\" -9nc <\"$2\" >\"$3\"" sh ${GZIP} ${THAW_DEBIAN}/changelog ${changelog})
add_custom_target(debian_changelog ALL DEPENDS ${changelog})
foreach(pair thawd:thawd thaw:thaw libthaw:libthaw1 development:libthaw-dev)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 component)
  list(GET pair 1 package)
  install(FILES ${THAW_DEBIAN}/copyright ${changelog} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
    COMPONENT ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME thaw)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "thaw maintainers <thaw-maintainers@example.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL thawd thaw libthaw development)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY =)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

# The first line of each is its summary.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_COMPONENT_THAWD_DESCRIPTION "alerts from reports of releases and sanctions: the daemon
thawd listens to reports about releases of detained people and about
sanctions, works out what happened, and publishes an alert when something
that somebody asked to know becomes true.")
set(CPACK_DEBIAN_THAWD_PACKAGE_DEPENDS "systemd (>= 247), procps")
set(CPACK_DEBIAN_THAWD_PACKAGE_RECOMMENDS "thaw (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_THAWD_PACKAGE_CONTROL_EXTRA ${THAW_DEBIAN}/thawd/conffiles ${THAW_DEBIAN}/thawd/postinst
  ${THAW_DEBIAN}/thawd/prerm ${THAW_DEBIAN}/thawd/postrm)

set(CPACK_COMPONENT_THAW_DESCRIPTION "alerts from reports of releases and sanctions: the client
thaw publishes reports to thawd, follows its alerts, and asks what it knows;
it also checks rules and imports official lists.")

set(CPACK_COMPONENT_LIBTHAW_DESCRIPTION "protocol of thawd: shared library
libthaw reads and writes what crosses the wire between thawd and its
clients.")
set(CPACK_DEBIAN_LIBTHAW_PACKAGE_SECTION libs)
install(FILES ${THAW_DEBIAN}/libthaw1/overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
  RENAME libthaw1 COMPONENT libthaw)
set(CPACK_DEBIAN_LIBTHAW_PACKAGE_CONTROL_EXTRA ${THAW_DEBIAN}/libthaw1/triggers)

set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "protocol of thawd: development files
Header, pkg-config file and specification for programs that speak with
thawd.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libthaw1 (= ${PROJECT_VERSION})")
include(CPack)
