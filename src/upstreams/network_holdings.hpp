// SPDX-License-Identifier: MIT
// How many queries each client network has on the connections of one upstream, and waiting for one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "net/client_network.hpp"

namespace dproxy::proxy {

/// One thread. Links and their carrier enter and leave what they hold.
class NetworkHoldings {
public:
    struct Most {
        net::ClientNetwork network;
        std::uint32_t count = 0;
    };

    void enter(const net::ClientNetwork& network) { ++held_[network]; }
    void leave(const net::ClientNetwork& network) {
        const auto held = held_.find(network);
        if (held == held_.end()) return;  // there was no memory to enter it
        if (--held->second == 0) held_.erase(held);
    }
    std::uint32_t of(const net::ClientNetwork& network) const {
        const auto held = held_.find(network);
        return held == held_.end() ? 0 : held->second;
    }
    /// Who holds most; a count of 0 where nobody holds anything.
    Most most() const {
        const auto most = std::max_element(held_.begin(), held_.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        return most == held_.end() ? Most() : Most{most->first, most->second};
    }

private:
    std::map<net::ClientNetwork, std::uint32_t> held_;  ///< ordered: nobody outside chooses what a look costs
};

}  // namespace dproxy::proxy
