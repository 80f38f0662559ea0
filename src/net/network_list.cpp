// SPDX-License-Identifier: MIT
// Held by tests/unit/net/network_map_test.cpp.
#include "net/network_list.hpp"

#include <utility>

namespace dproxy::net {

NetworkList::NetworkList(std::vector<Network> networks) : networks_(std::move(networks)) {
    if (networks_.size() > asked_one_by_one) map_ = NetworkMap(networks_);
}

}  // namespace dproxy::net
