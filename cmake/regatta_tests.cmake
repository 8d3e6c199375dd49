# How tests are declared. ctest names are room.subject; labels say what kind a test is.

find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)

# Everything that the preset `tsan` builds: the programs, and the tests that are programs with threads.
add_custom_target(threads_tests)
# regatta_has_threads(TESTS cli.merging ... TARGETS test_engine_engine ...)
# gives tests that were declared here the label `threads`, too: ThreadSanitizer watches them.
function(regatta_has_threads)
    cmake_parse_arguments(ARG "" "" "TESTS;TARGETS" ${ARGN})
    set_property(TEST ${ARG_TESTS} APPEND PROPERTY LABELS threads)
    if(ARG_TARGETS)
        add_dependencies(threads_tests ${ARG_TARGETS})
    endif()
endfunction()

# Programs that a sanitizer watches take longer by so much, also beside others that want the same cores; so do those that
# count what they run, which say so in their preset.
set(REGATTA_TIME_FACTOR 1 CACHE STRING "how many times as long tests may take")
if(REGATTA_SANITIZE)
    set(REGATTA_TIME_FACTOR 4)
endif()
# regatta_limit_time(400 mpi.large ...): after so many seconds of a build without sanitizers the tests have failed. Those
# that limit time themselves find the factor in their environment (tests/cli/programs.py).
function(regatta_limit_time seconds)
    math(EXPR limit_s "${seconds} * ${REGATTA_TIME_FACTOR}")
    set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${limit_s})
    set_property(TEST ${ARGN} APPEND PROPERTY ENVIRONMENT "REGATTA_TIME_FACTOR=${REGATTA_TIME_FACTOR}")
endfunction()

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
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABEL}"
                         ENVIRONMENT "REGATTA_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
    regatta_limit_time(${ARG_TIMEOUT} ${name})
endfunction()

# regatta_add_mpi_test(transport.mpi SOURCES mpi_transport_test.cpp LINKS regatta::transport RANKS 1 2 3 4)
# one executable (its main opens the session, see tests/transport/mpi_main.hpp), one ctest entry per number of ranks:
# transport.mpi.np1, transport.mpi.np2, ...
function(regatta_add_mpi_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;RANKS" ${ARGN})
    string(REPLACE "." "_" target "test_${name}")
    set(main_directory "${PROJECT_SOURCE_DIR}/tests/transport")
    add_executable(${target} ${ARG_SOURCES} "${main_directory}/mpi_main.cpp")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_include_directories(${target} PRIVATE "${main_directory}")
    target_link_libraries(${target} PRIVATE ${ARG_LINKS} regatta::transport GTest::gtest regatta_flags)
    set(environment "REGATTA_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
    # Open MPI wants to be told twice that root means it; nobody else is to get past its question unasked.
    execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(user STREQUAL "0")
        list(APPEND environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
    endif()
    if(REGATTA_SANITIZE)
        list(APPEND environment ASAN_OPTIONS=detect_leaks=0)  # Open MPI leaks on its own
    endif()
    foreach(ranks ${ARG_RANKS})
        set(processors ${ranks})
        if(processors GREATER 2)
            set(processors 2)
        endif()
        add_test(NAME ${name}.np${ranks}
                 COMMAND "${MPIEXEC_EXECUTABLE}" ${MPIEXEC_NUMPROC_FLAG} ${ranks} --oversubscribe
                         --mca mpi_yield_when_idle 1 $<TARGET_FILE:${target}>)
        set_tests_properties(${name}.np${ranks} PROPERTIES LABELS mpi PROCESSORS ${processors}
                             ENVIRONMENT "${environment}")
        regatta_limit_time(120 ${name}.np${ranks})
    endforeach()
endfunction()
