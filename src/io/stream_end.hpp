// SPDX-License-Identifier: MIT
// Held by tests/unit/io/message_stream_test.cpp.
#pragma once

#include <cstdint>

namespace dproxy::io {

/// Why a stream ended, besides what the system says.
enum class StreamEnd : std::uint8_t {
    peer_closed,  ///< an orderly end between two messages
    cut_short,    ///< an orderly end within a message
    bad_length,   ///< a message of length 0
    filter,       ///< its filter failed, and knows why; or the peer closed before it was open
    failed,       ///< the error_code tells
};

}  // namespace dproxy::io
