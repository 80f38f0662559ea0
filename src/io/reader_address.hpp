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
    net::Endpoint endpoint{};  ///< of TCP

    /// `unix:/run/dnstap.sock`, `tcp:192.0.2.1:6000`
    std::string to_string() const { return path.empty() ? "tcp:" + endpoint.to_string() : "unix:" + path; }
};

}  // namespace dproxy::io
