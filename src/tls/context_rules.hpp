// SPDX-License-Identifier: MIT
// What holds for both sides of TLS, whatever the settings: no renegotiation, no compression, no early data (RFC 8446
// 8: it can be replayed), ciphers and groups of RFC 9325, memory given back when a connection is idle.
// Held by tests/unit/tls/session_test.cpp, tests/unit/tls/server_context_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tls/handles.hpp"

namespace dproxy::tls {

enum class Side : std::uint8_t { client, server };
enum class Version : std::uint8_t { tls12, tls13 };

inline constexpr std::size_t max_peer_chain_bytes = 64 * 1024;  ///< of certificates that a peer shows
inline constexpr int max_peer_chain_depth = 8;                  ///< certificates between the peer's and an authority's

ContextHandle make_context(Side side, Version least);

/// A list of application protocols as it stands in the extension (RFC 7301 3.1). Each has 1 to 255 bytes.
std::vector<std::uint8_t> protocol_list(const std::vector<std::string>& protocols);

}  // namespace dproxy::tls
