// SPDX-License-Identifier: MIT
// Where whoever reads a stream of ours listens.
// Held by tests/unit/io/frame_stream_test.cpp, tests/unit/settings/dnstap_key_test.cpp.
#pragma once

#include <sys/un.h>

#include <cstddef>
#include <string>

#include "net/address.hpp"

namespace dproxy::io {

/// Bytes of a Unix socket's path (unix(7)).
inline constexpr std::size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;

struct ReaderAddress {
    std::string path{};        ///< of a Unix socket; empty: TCP
    std::string host{};        ///< of TCP, in lower case; empty where it is an address. A trailing dot: no search list
    net::Endpoint endpoint{};  ///< of TCP; with a host only the port counts

    /// `unix:/run/dnstap.sock`, `tcp:192.0.2.1:6000`, `tcp:collector.monitoring:6000`
    std::string to_string() const {
        if (!path.empty()) return "unix:" + path;
        return "tcp:" + (host.empty() ? endpoint.to_string() : host + ":" + std::to_string(endpoint.port));
    }
};

}  // namespace dproxy::io
