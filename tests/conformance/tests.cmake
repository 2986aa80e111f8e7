# The public conformance cases of the expression language, where they lie beside the checkout.
if(NOT TARGET cel_conformance)
  add_executable(cel_conformance ${CMAKE_CURRENT_SOURCE_DIR}/conformance/cel_conformance.c)
  target_link_libraries(cel_conformance PRIVATE clients engine thaw_static PkgConfig::JANSSON)
  set(CEL_CASES ${CMAKE_SOURCE_DIR}/../shared/data/cel/conformance.jsonl)
  if(EXISTS ${CEL_CASES})
    add_test(NAME cel_conformance COMMAND cel_conformance ${CEL_CASES})
  endif()
endif()
