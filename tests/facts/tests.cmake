# The facts of real reports: the Belarus timeline, pairs of the OFAC list, spellings of names; totals of many series; stories told in pieces; courses of sanctions told truthfully; many reports taken back at once; many that cut one day anew; totals told before what they count.
foreach(name timeline ofac spellings series repeats truth withdrawn crowded totals)
  add_test(NAME facts_${name} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/facts/${name}.py
    --driver $<TARGET_FILE:facts_driver>)
endforeach()
# The whole lists lie beside the checkout on some machines only.
add_test(NAME facts_ofac_whole COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/facts/ofac.py
  --driver $<TARGET_FILE:facts_driver> --whole ${CMAKE_SOURCE_DIR}/../shared/data/ofac)
set_tests_properties(facts_ofac_whole PROPERTIES SKIP_RETURN_CODE 77 LABELS slow)
