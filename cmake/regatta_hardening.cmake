# What makes a mistake in memory, ours or a library's, end the program instead of serving whoever wrote the input.
# docs/performance.md says what it costs; tests/packaging/hardening.py looks for it in the programs.

set(default OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT REGATTA_SANITIZE)  # sanitizers replace the same functions of libc
    set(default ON)
endif()
option(REGATTA_HARDENING "checked libc calls, stack protector, full RELRO, position independent programs" ${default})
if(NOT REGATTA_HARDENING)
    return()
endif()
if(REGATTA_SANITIZE)
    message(FATAL_ERROR "REGATTA_HARDENING and REGATTA_SANITIZE exclude each other: both replace functions of libc")
endif()

# Level 3 also checks sizes that are known only when the program runs; GCC 12 with glibc 2.35, and later ones, have it.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("#include <cstdlib>
    #if !defined(__USE_FORTIFY_LEVEL) || __USE_FORTIFY_LEVEL < 3
    #error level 3 is not known here
    #endif
    int main() {}" REGATTA_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
set(fortify_level 2)
if(REGATTA_HAS_FORTIFY_3)
    set(fortify_level 3)
endif()

# Some distributions define _FORTIFY_SOURCE themselves. libc checks optimised code only.
target_compile_options(regatta_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                                               $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${fortify_level}>
                                               -fstack-protector-strong -fPIE)
# Our own programs only: a program of one's own, linked with the installed package, need not be compiled with -fPIE.
target_link_options(regatta_flags INTERFACE $<BUILD_INTERFACE:-pie> $<BUILD_INTERFACE:LINKER:-z,relro,-z,now>
                                            $<BUILD_INTERFACE:LINKER:-z,noexecstack>)
