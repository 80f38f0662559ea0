# SPDX-License-Identifier: MIT
# A compiler mostly reads the same headers of others. Where they are compiled once, a file that forgets to include one
# of them is not found out by it, but by tests/structure/standard_headers.py, which knows the names in these headers.
option(DPROXY_PRECOMPILED "The headers that most files include are compiled once" OFF)

# dproxy_precompiled_headers(name HEADER ... LINK library ...): for others to use, compiled as theirs are.
function(dproxy_precompiled_headers name)
    cmake_parse_arguments(ARG "" "" "HEADERS;LINK" ${ARGN})
    add_library(${name} OBJECT "${CMAKE_SOURCE_DIR}/cmake/precompiled.cpp")
    target_link_libraries(${name} PRIVATE dproxy_build_flags ${ARG_LINK})
    target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

# dproxy_precompile(target PACKAGE ...): with the standard library's, and Asio's where it is one of the packages.
function(dproxy_precompile target)
    if(NOT DPROXY_PRECOMPILED)
        return()
    endif()
    if("dproxy_boost" IN_LIST ARGN)
        target_precompile_headers(${target} REUSE_FROM dproxy_precompiled_asio)
    else()
        target_precompile_headers(${target} REUSE_FROM dproxy_precompiled)
    endif()
endfunction()

if(DPROXY_PRECOMPILED)
    set(dproxy_precompiled_standard
        <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <deque> <functional> <map> <memory> <mutex>
        <optional> <random> <set> <span> <sstream> <string> <string_view> <system_error> <thread> <unordered_map>
        <utility> <variant> <vector>)
    dproxy_precompiled_headers(dproxy_precompiled HEADERS ${dproxy_precompiled_standard})
    dproxy_precompiled_headers(dproxy_precompiled_asio LINK dproxy_boost HEADERS ${dproxy_precompiled_standard}
        <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp> <boost/asio/steady_timer.hpp>
        <boost/asio/write.hpp>)
endif()
