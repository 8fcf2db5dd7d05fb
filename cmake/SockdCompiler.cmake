# How every C file of the tree is compiled: C11 with GNU extensions, warnings as errors, and the
# sanitizers when SOCKD_SANITIZE is on.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()

option(SOCKD_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(SOCKD_FUZZ "Build the fuzz targets, and everything for them (clang); implies SOCKD_SANITIZE" OFF)
if(SOCKD_FUZZ)
    set(SOCKD_SANITIZE ON)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# What the tests reach, as gcov counts it: for scripts/coverage.sh. Not optimized, so that each line
# is what it says. Every program and library gets tests/harness/coverage.c.
option(SOCKD_COVERAGE "Build with gcov's counters (gcc, CMAKE_BUILD_TYPE=Debug)" OFF)
if(SOCKD_COVERAGE)
    set(SOCKD_COVERAGE_OBJECT ${CMAKE_BINARY_DIR}/coverage.o)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -std=gnu11 -O1 -fPIC -c -o ${SOCKD_COVERAGE_OBJECT}
                            -DSOCKD_COVERAGE_FOLDER="${CMAKE_BINARY_DIR}/counters"
                            ${CMAKE_SOURCE_DIR}/tests/harness/coverage.c
                    COMMAND_ERROR_IS_FATAL ANY)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(
        --coverage
        $<$<IN_LIST:$<TARGET_PROPERTY:TYPE>,EXECUTABLE$<SEMICOLON>SHARED_LIBRARY>:${SOCKD_COVERAGE_OBJECT}>)
endif()

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
    -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wvla -Wimplicit-fallthrough -Wcast-qual
    -fno-common -fno-strict-aliasing -fstack-protector-strong)

if(SOCKD_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
else()
    add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed)
