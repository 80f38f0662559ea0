// SPDX-License-Identifier: MIT
#include "net/own_addresses.hpp"

#include <algorithm>

namespace dproxy::net {

bool OwnAddresses::contains(const Endpoint& endpoint) const {
    const auto has_port = [&](const Endpoint& own) { return own.port == endpoint.port; };
    if (std::none_of(listen.begin(), listen.end(), has_port)) return false;
    Address address = endpoint.address;
    if (address.is_unspecified()) address = *Address::parse(address.is_v4() ? "127.0.0.1" : "::1");
    const bool is_local = address.is_loopback() || std::find(local.begin(), local.end(), address) != local.end();
    return std::any_of(listen.begin(), listen.end(), [&](const Endpoint& own) {
        const bool anywhere = own.address.is_unspecified() && own.address.is_v4() == address.is_v4();
        return has_port(own) && (own.address == address || (anywhere && is_local));
    });
}

}  // namespace dproxy::net
