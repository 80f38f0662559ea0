// SPDX-License-Identifier: MIT
#include "routing/risked_queries.hpp"

#include <algorithm>

namespace dproxy::routing {

namespace {

net::Address network_of(net::Address client) {
    if (!client.is_v4()) std::fill(client.bytes.begin() + 8, client.bytes.end(), std::uint8_t{0});
    return client;
}

}  // namespace

bool RiskedQueries::allow(const RiskLimits& limits, const net::Address& client, std::uint64_t now_ns,
                          std::uint64_t heard_ns) const {
    const net::Address network = network_of(client);
    std::size_t in_all = 0, of_client = 0;
    for (const Risked& one : risked_) {
        if (one.at_ns <= heard_ns || now_ns - one.at_ns >= limits.window_ns) continue;
        ++in_all;
        of_client += one.client == network;
    }
    return in_all < limits.in_all && of_client < limits.of_one_client;
}

void RiskedQueries::note(const net::Address& client, std::uint64_t now_ns) {
    risked_[next_] = {network_of(client), now_ns};
    next_ = (next_ + 1) % capacity;
}

}  // namespace dproxy::routing
