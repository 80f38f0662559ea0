# SPDX-License-Identifier: MIT
# The flags of all of the project's own targets: language, warnings, sanitizers.
set(DPROXY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")
option(DPROXY_STATIC "Programs that need nothing of the system, for an image without one" OFF)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(DPROXY_CCACHE ccache)
if(DPROXY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${DPROXY_CCACHE}")
endif()

add_library(dproxy_build_flags INTERFACE)
target_compile_features(dproxy_build_flags INTERFACE cxx_std_20)
target_compile_options(dproxy_build_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
    $<$<BOOL:${DPROXY_WERROR}>:-Werror>
    # GCC 12 sees overlaps in joined strings that are not there (GCC bug 105651).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
    -fstack-protector-strong)
target_compile_definitions(dproxy_build_flags INTERFACE
    $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_EXTENSIONS OFF)
include(hardening)
# Where no query passes: compiled for size in a static program.
set(DPROXY_COLD_FOLDERS admin cli import ini reports route_files server settings telemetry)
if(DPROXY_STATIC)
    # Of everything that is compiled here, other people's sources among it; no path of the builder is left in it.
    add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}=." -fPIE -ffunction-sections -fdata-sections)
    add_link_options(-static-pie -Wl,--gc-sections,-z,pack-relative-relocs)
endif()
if(DPROXY_SANITIZE)
    add_compile_options(-fsanitize=${DPROXY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${DPROXY_SANITIZE})
    if(DPROXY_SANITIZE MATCHES "thread")
        # ThreadSanitizer does not know fences; Asio's queues are guarded by mutexes as well.
        add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
    endif()
endif()

# One library a folder. What it does not link it cannot include, as that is not on its path (see ARCHITECTURE.md).
#   dproxy_folder(dns SOURCES name.cpp ... USES net)
function(dproxy_folder name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;PACKAGES" ${ARGN})
    add_library(dproxy_${name} STATIC ${ARG_SOURCES})
    add_library(dproxy::${name} ALIAS dproxy_${name})
    target_link_libraries(dproxy_${name} PUBLIC dproxy_build_flags)
    if(DPROXY_STATIC AND name IN_LIST DPROXY_COLD_FOLDERS)
        target_compile_options(dproxy_${name} PRIVATE -Os)
    endif()
    foreach(other ${ARG_USES})
        target_link_libraries(dproxy_${name} PUBLIC dproxy::${other})
    endforeach()
    target_link_libraries(dproxy_${name} PUBLIC ${ARG_PACKAGES})
    # "dns/name.hpp" is found by whoever links dproxy::dns, and by nobody else.
    set(seen "${CMAKE_BINARY_DIR}/include/${name}")
    file(MAKE_DIRECTORY "${seen}")
    file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${seen}/${name}" SYMBOLIC)
    target_include_directories(dproxy_${name} PUBLIC "${seen}")
    dproxy_precompile(dproxy_${name} ${ARG_PACKAGES})
endfunction()
