# How every target of this project is compiled, and the one function that makes a room of the house.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(REGATTA_CCACHE ccache)
if(REGATTA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${REGATTA_CCACHE}")
endif()

option(REGATTA_WERROR "treat warnings as errors" ON)
set(REGATTA_SANITIZE OFF CACHE STRING "sanitizers: OFF, address,undefined or thread")
set_property(CACHE REGATTA_SANITIZE PROPERTY STRINGS OFF address,undefined thread)
if(NOT REGATTA_SANITIZE MATCHES "^(OFF|address,undefined|thread)$")
    message(FATAL_ERROR "REGATTA_SANITIZE: expected OFF, address,undefined or thread, found \"${REGATTA_SANITIZE}\"")
endif()
option(REGATTA_FUZZ "instrument for libFuzzer, and link the fuzz targets with it: clang only, see tools/fuzz" OFF)
option(REGATTA_DEBUG_CHECKS "checks inside the step loop" OFF)

add_library(regatta_flags INTERFACE)
target_compile_options(regatta_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                               -Wold-style-cast)
if(REGATTA_WERROR)
    target_compile_options(regatta_flags INTERFACE -Werror)
endif()
if(REGATTA_SANITIZE)
    target_compile_options(regatta_flags INTERFACE -fsanitize=${REGATTA_SANITIZE} -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
    target_link_options(regatta_flags INTERFACE -fsanitize=${REGATTA_SANITIZE})
endif()
if(REGATTA_FUZZ)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "libFuzzer comes with clang only; tools/fuzz chooses it")
    endif()
    target_compile_options(regatta_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(REGATTA_DEBUG_CHECKS)
    target_compile_definitions(regatta_flags INTERFACE REGATTA_DEBUG_CHECKS)
endif()
include(regatta_hardening)

# regatta_room(engine SOURCES a.cpp ... LINKS regatta::base ... PRIVATE_LINKS Boost::serialization ...)
# makes the library regatta_engine with the alias regatta::engine. Headers are found as "engine/a.hpp" and, for public
# ones, "regatta/engine/a.hpp".
function(regatta_room room)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
    add_library(regatta_${room} STATIC ${ARG_SOURCES})
    add_library(regatta::${room} ALIAS regatta_${room})
    target_include_directories(regatta_${room} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>"
                                                       "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                                                       "$<INSTALL_INTERFACE:include>")
    target_link_libraries(regatta_${room} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS} regatta_flags)
endfunction()
