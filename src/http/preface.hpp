// SPDX-License-Identifier: MIT
// Which HTTP a client speaks where no handshake says it: HTTP/2 with prior knowledge begins with its preface
// (RFC 9113 3.3, 3.4), which is no request of HTTP/1.1.
#pragma once

#include <cstdint>
#include <string_view>

#include "dns/message.hpp"

namespace dproxy::http {

inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Protocol : std::uint8_t {
    unknown,  ///< what came is the beginning of the preface, and not all of it
    http1,    ///< or nothing that is HTTP
    http2,
};

/// By a connection's first bytes, all that came so far. Never unknown from 24 on.
Protocol protocol_of(dns::Bytes beginning);

}  // namespace dproxy::http
