# Turns every plans/*.toml into a string of the library, so that the built-in plans need no installed files.
file(GLOB LAZYGAP_PLANS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/plans/*.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${LAZYGAP_PLANS})

set(LAZYGAP_PLAN_ENTRIES "")
foreach(plan ${LAZYGAP_PLANS})
  get_filename_component(name ${plan} NAME_WLE)
  file(READ ${plan} text)
  string(APPEND LAZYGAP_PLAN_ENTRIES "    {\"${name}\", R\"plan-text(${text})plan-text\"},\n")
endforeach()
list(LENGTH LAZYGAP_PLANS LAZYGAP_PLAN_COUNT)
configure_file(${CMAKE_CURRENT_LIST_DIR}/built_in_plans.cpp.in ${PROJECT_BINARY_DIR}/generated/built_in_plans.cpp @ONLY)
target_sources(lazygap PRIVATE ${PROJECT_BINARY_DIR}/generated/built_in_plans.cpp)
