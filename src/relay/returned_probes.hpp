// SPDX-License-Identifier: MIT
// Loop probes of this process that come back to it as queries. Who looks for loops is told; no sockets, no clock.
#pragma once

#include <array>
#include <cstdint>

#include "dns/message.hpp"
#include "net/address.hpp"
#include "probing/loop_reports.hpp"
#include "routing/loop_token.hpp"

namespace dproxy::proxy {

/// One for each worker, in its thread.
class ReturnedProbes {
public:
    ReturnedProbes(const routing::LoopToken& token, LoopReports& reports) : token_(token), reports_(reports) {}

    /// Whether the name is that of a probe of ours. It is told of once while it is waited for, with whom it came from;
    /// of at most max_loop_reports in a second.
    bool take(dns::Bytes name, const net::Address& peer, std::uint64_t now_ns);

private:
    const routing::LoopToken& token_;
    LoopReports& reports_;
    std::uint64_t since_ns_ = 0;
    std::uint32_t made_ = 0;  ///< reports, since then
    std::array<std::uint64_t, 1024> told_{};  ///< numbers of late, each in the place that it says
};

}  // namespace dproxy::proxy
