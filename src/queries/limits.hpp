// SPDX-License-Identifier: MIT
// The limits of what waits for a reply.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/monotonic.hpp"

namespace dproxy::proxy {

using io::second_ns;

inline constexpr std::uint64_t tick_ns = 4'000'000;  ///< how exactly time-outs are kept
inline constexpr std::uint32_t places_kept = 4096;  ///< of queries in flight: their memory is not given back
inline constexpr std::size_t stored_message_bytes = 512;  ///< larger queries are stored apart
inline constexpr std::size_t preface_room = 64;  ///< in front of each stored query, for a PROXY header

}  // namespace dproxy::proxy
