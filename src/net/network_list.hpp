// SPDX-License-Identifier: MIT
// Client networks that may use something, or that something is meant for.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <vector>

#include "net/address.hpp"
#include "net/network_map.hpp"

namespace dproxy::net {

/// Immutable once built; any thread may read it. What a look costs hardly depends on how many networks there are: a few
/// are asked one by one, of more there is a map.
class NetworkList {
public:
    NetworkList() = default;
    explicit NetworkList(std::vector<Network> networks);

    static constexpr std::size_t asked_one_by_one = 8;

    bool contains(const Address& address) const noexcept {
        if (networks_.size() > asked_one_by_one) return map_.holds(address);
        return std::any_of(networks_.begin(), networks_.end(),
                           [&](const Network& network) { return network.contains(address); });
    }
    bool empty() const { return networks_.empty(); }
    /// As they were given.
    const std::vector<Network>& networks() const { return networks_; }
    bool operator==(const NetworkList& other) const { return networks_ == other.networks_; }
    auto operator<=>(const NetworkList& other) const { return networks_ <=> other.networks_; }

private:
    std::vector<Network> networks_;
    NetworkMap map_;  ///< of the same, where they are more than asked_one_by_one
};

}  // namespace dproxy::net
