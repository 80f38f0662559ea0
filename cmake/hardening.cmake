# SPDX-License-Identifier: MIT
# What makes a mistake end the program and not serve an attacker: of everything that is compiled here, other people's
# sources among it. docs/performance.md has what each costs; tests/hardening reads the result from the release program.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

# dproxy_harden(name flag): where the compiler has it, in what is shipped. The sanitizers find more without.
function(dproxy_harden name flag)
    check_cxx_compiler_flag("-Werror ${flag}" DPROXY_HAS_${name})
    if(DPROXY_HAS_${name})
        add_compile_options("$<$<CONFIG:Release>:${flag}>")
    endif()
endfunction()

dproxy_harden(STACK_PROTECTOR -fstack-protector-strong)
dproxy_harden(STACK_CLASH -fstack-clash-protection)
# Jumps lead to where jumps may lead, and returns to where the call came from: amd64's IBT and SHSTK, arm64's BTI and
# PAC. Each compiler knows that of its own machine alone.
dproxy_harden(CF_PROTECTION -fcf-protection=full)
dproxy_harden(BRANCH_PROTECTION -mbranch-protection=standard)
dproxy_harden(ZERO_VARIABLES -ftrivial-auto-var-init=zero)
if(DPROXY_HAS_CF_PROTECTION AND NOT DPROXY_STATIC)
    # Debian's crt1.o, crti.o and libinih.a do not say what they keep to, so the program would not either. Their calls
    # and returns pair, which is all that a shadow stack needs; that jumps into them are marked is not so, nor said.
    add_link_options("$<$<CONFIG:Release>:-Wl,-z,shstk>")
endif()
add_compile_definitions("$<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS>")

# Level 3 knows sizes that only the running program knows (GCC 12, Clang 9); the C library warns where there is none.
set(CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -Werror")
check_cxx_source_compiles("#include <cstring>\nint main() { return 0; }" DPROXY_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
set(dproxy_fortify 2)
if(DPROXY_HAS_FORTIFY_3)
    set(dproxy_fortify 3)
endif()
add_compile_options("$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=${dproxy_fortify}>")
