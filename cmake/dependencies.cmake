# SPDX-License-Identifier: MIT
# What dproxy is built on, all from the distribution: nothing is downloaded here.
find_package(Threads REQUIRED)

# Asio: readiness, timers, TCP. Beast: HTTP. JSON. Headers only; compiled once, in dproxy_boost.
if(POLICY CMP0167)
    cmake_policy(SET CMP0167 OLD)  # CMake's own FindBoost: headers are all that is looked for, of any architecture
endif()
find_package(Boost 1.81 REQUIRED)
add_library(dproxy_boost STATIC "${CMAKE_SOURCE_DIR}/cmake/boost_asio.cpp" "${CMAKE_SOURCE_DIR}/cmake/boost_beast.cpp"
    "${CMAKE_SOURCE_DIR}/cmake/boost_json.cpp")
target_compile_features(dproxy_boost PUBLIC cxx_std_20)
target_compile_definitions(dproxy_boost PUBLIC
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_include_directories(dproxy_boost SYSTEM PUBLIC ${Boost_INCLUDE_DIRS})
target_link_libraries(dproxy_boost PUBLIC Threads::Threads)
if(DPROXY_STATIC)
    target_sources(dproxy_boost PRIVATE "${CMAKE_SOURCE_DIR}/cmake/static_getaddrinfo.cpp")
    set_source_files_properties("${CMAKE_SOURCE_DIR}/cmake/boost_beast.cpp" "${CMAKE_SOURCE_DIR}/cmake/boost_json.cpp"
        PROPERTIES COMPILE_OPTIONS -Os)
endif()

# spdlog with fmt, both header-only, so that a static program needs no archive of them.
find_path(DPROXY_SPDLOG_INCLUDE spdlog/spdlog.h REQUIRED)
find_path(DPROXY_FMT_INCLUDE fmt/core.h REQUIRED)
add_library(dproxy_spdlog INTERFACE)
target_include_directories(dproxy_spdlog SYSTEM INTERFACE "${DPROXY_SPDLOG_INCLUDE}" "${DPROXY_FMT_INCLUDE}")
target_compile_definitions(dproxy_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
target_link_libraries(dproxy_spdlog INTERFACE Threads::Threads)

# prometheus-cpp's core: metric families and the text format. A source folder takes precedence, for
# static programs (the distribution has no archive of it).
set(DPROXY_PROMETHEUS_SOURCE "" CACHE PATH "prometheus-cpp's source tree, to compile its core from")
if(DPROXY_PROMETHEUS_SOURCE)
    set(dproxy_prometheus_core "${DPROXY_PROMETHEUS_SOURCE}/core")
    file(GLOB dproxy_prometheus_files "${dproxy_prometheus_core}/src/*.cc" "${dproxy_prometheus_core}/src/detail/*.cc")
    add_library(dproxy_prometheus STATIC ${dproxy_prometheus_files})
    target_compile_features(dproxy_prometheus PUBLIC cxx_std_20)
    target_include_directories(dproxy_prometheus SYSTEM PUBLIC
        "${dproxy_prometheus_core}/include" "${CMAKE_SOURCE_DIR}/cmake/prometheus")
    target_compile_options(dproxy_prometheus PRIVATE $<$<BOOL:${DPROXY_STATIC}>:-Os>)
else()
    find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
    add_library(dproxy_prometheus INTERFACE)
    target_link_libraries(dproxy_prometheus INTERFACE prometheus-cpp::core)
endif()

# inih: the INI grammar of .prox files and of the main file.
find_library(DPROXY_INIH_LIBRARY NAMES libinih.a inih REQUIRED)
find_path(DPROXY_INIH_INCLUDE ini.h REQUIRED)
add_library(dproxy_inih INTERFACE)
target_link_libraries(dproxy_inih INTERFACE "${DPROXY_INIH_LIBRARY}")
target_include_directories(dproxy_inih SYSTEM INTERFACE "${DPROXY_INIH_INCLUDE}")

# OpenSSL 3: TLS.
if(DPROXY_TLS)
    set(dproxy_ssl ssl)
    set(dproxy_crypto crypto)
    if(DPROXY_STATIC)
        set(dproxy_ssl libssl.a)
        set(dproxy_crypto libcrypto.a)
    endif()
    find_library(DPROXY_SSL_LIBRARY NAMES ${dproxy_ssl} REQUIRED)
    find_library(DPROXY_CRYPTO_LIBRARY NAMES ${dproxy_crypto} REQUIRED)
    find_path(DPROXY_OPENSSL_INCLUDE openssl/ssl.h REQUIRED)
    add_library(dproxy_openssl INTERFACE)
    target_include_directories(dproxy_openssl SYSTEM INTERFACE "${DPROXY_OPENSSL_INCLUDE}")
    target_link_libraries(dproxy_openssl INTERFACE
        "${DPROXY_SSL_LIBRARY}" "${DPROXY_CRYPTO_LIBRARY}" Threads::Threads)
    if(DPROXY_STATIC)
        add_library(dproxy_openssl_uncompressed STATIC "${CMAKE_SOURCE_DIR}/cmake/openssl_uncompressed.cpp")
        target_link_libraries(dproxy_openssl INTERFACE dproxy_openssl_uncompressed)
    endif()
endif()

# nghttp2: the frames of HTTP/2. A static program takes the archive that the distribution has beside the library.
set(dproxy_nghttp2_names nghttp2)
if(DPROXY_STATIC)
    set(dproxy_nghttp2_names libnghttp2.a)
endif()
find_library(DPROXY_NGHTTP2_LIBRARY NAMES ${dproxy_nghttp2_names} REQUIRED)
find_path(DPROXY_NGHTTP2_INCLUDE nghttp2/nghttp2.h REQUIRED)
add_library(dproxy_nghttp2 INTERFACE)
target_link_libraries(dproxy_nghttp2 INTERFACE "${DPROXY_NGHTTP2_LIBRARY}")
target_include_directories(dproxy_nghttp2 SYSTEM INTERFACE "${DPROXY_NGHTTP2_INCLUDE}")
if(DPROXY_STATIC)
    target_compile_definitions(dproxy_nghttp2 INTERFACE NGHTTP2_STATICLIB)
endif()

# libfstrm: Frame Streams, by which dnstap goes. As nghttp2.
set(dproxy_fstrm_names fstrm)
if(DPROXY_STATIC)
    set(dproxy_fstrm_names libfstrm.a)
endif()
find_library(DPROXY_FSTRM_LIBRARY NAMES ${dproxy_fstrm_names} REQUIRED)
find_path(DPROXY_FSTRM_INCLUDE fstrm.h REQUIRED)
add_library(dproxy_fstrm INTERFACE)
target_link_libraries(dproxy_fstrm INTERFACE "${DPROXY_FSTRM_LIBRARY}" Threads::Threads)
target_include_directories(dproxy_fstrm SYSTEM INTERFACE "${DPROXY_FSTRM_INCLUDE}")

# Catch2 2 (Debian 12) or 3 (Debian 13): tests include "catch.hpp" of tests/support.
if(DPROXY_BUILD_TESTS)
    find_package(Catch2 REQUIRED)
endif()
