// SPDX-License-Identifier: MIT
// Queries that dproxy asks itself: probes of upstreams, the search for loops, host names of upstreams,
// and the verb `ask`.
#pragma once

#include <cstdint>

#include "dns/message.hpp"
#include "dns/name.hpp"

namespace dproxy::dns {

struct AskOptions {
    bool recursion_desired = true;
    bool edns = true;  ///< an OPT record without options
    bool dnssec_ok = false;
    std::uint16_t udp_size = static_cast<std::uint16_t>(safe_udp_size);
    std::uint16_t qclass = class_in;
};

/// The longest query written: header, question and OPT.
inline constexpr std::size_t ask_capacity = header_length + max_name_length + 4 + 11;

/// Writes a query to `out`, which holds at least ask_capacity bytes, and returns its length.
std::size_t write_query(const Name& name, std::uint16_t type, std::uint16_t id, const AskOptions& options,
                        MutableBytes out);

}  // namespace dproxy::dns
