# Link-time optimisation of the daemon: its layers are small files whose functions call each other
# on every request, and inlined across them a request costs a fifth fewer instructions.
#
# The objects of these layers hold both machine code, which the tests and the client's libraries
# are linked from as ever, and what the compiler needs to begin anew when it links the daemon.
# clang 14 cannot make such objects; the sanitizers and the debugger are better off without.
include(CMakeDependentOption)
cmake_dependent_option(SOCKD_LTO "Optimize the daemon as a whole when it is linked" ON
                       "CMAKE_C_COMPILER_ID STREQUAL GNU;NOT SOCKD_SANITIZE;NOT CMAKE_BUILD_TYPE STREQUAL Debug"
                       OFF)

if(SOCKD_LTO)
    # Else whatever links these objects would be optimized so too. (-fno-lto is not undone by a
    # later -flto: it takes the compiler out of the linking.)
    add_link_options($<IF:$<BOOL:$<TARGET_PROPERTY:SOCKD_LTO_PROGRAM>>,-flto=auto$<SEMICOLON>-O2,-fno-lto>)
endif()

# What the daemon is made of.
function(sockd_lto_part target)
    if(SOCKD_LTO)
        target_compile_options(${target} PRIVATE -flto=auto -ffat-lto-objects)
    endif()
endfunction()

# The daemon itself.
function(sockd_lto_program target)
    if(SOCKD_LTO)
        sockd_lto_part(${target})
        set_target_properties(${target} PROPERTIES SOCKD_LTO_PROGRAM ON)
    endif()
endfunction()
