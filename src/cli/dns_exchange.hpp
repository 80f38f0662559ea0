// SPDX-License-Identifier: MIT
// One DNS message to a nameserver, and its reply, waited for: for the verb `ask`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dns/message.hpp"
#include "net/address.hpp"

namespace dproxy::cli {

inline constexpr std::chrono::milliseconds ask_udp_pause{2000};  ///< before the one repetition, and after it
inline constexpr std::chrono::milliseconds ask_tcp_timeout{4000};

struct DnsAnswer {
    std::vector<std::uint8_t> reply;
    std::string error;     ///< why there is none; else empty
    bool refused = false;  ///< nobody listens there, or not yet
};

/// An answer that did not come.
DnsAnswer failed(std::string error);
/// Whether these bytes are a reply to `query`: by its ID and its question.
bool answers(dns::Bytes query, dns::Bytes reply);

/// Sent twice at most; what does not answer `query` is passed over. `query` holds one question.
DnsAnswer exchange_udp(const net::Endpoint& server, dns::Bytes query, std::chrono::milliseconds pause = ask_udp_pause);
/// `timeout` is for all of it.
DnsAnswer exchange_tcp(const net::Endpoint& server, dns::Bytes query,
                       std::chrono::milliseconds timeout = ask_tcp_timeout);

}  // namespace dproxy::cli
