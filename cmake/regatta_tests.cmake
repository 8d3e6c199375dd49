# How tests are declared. ctest names are room.subject; labels say what kind a test is.

find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)

# regatta_add_test(engine.event_queue LABEL unit SOURCES event_queue_test.cpp LINKS regatta::engine)
# one executable, one ctest entry.
function(regatta_add_test name)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINKS" ${ARGN})
    string(REPLACE "." "_" target "test_${name}")
    add_executable(${target} ${ARG_SOURCES})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_link_libraries(${target} PRIVATE ${ARG_LINKS} rapidcheck rapidcheck_gtest GTest::gtest GTest::gtest_main
                                            regatta_flags)
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${target})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT}
                         ENVIRONMENT "REGATTA_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endfunction()
