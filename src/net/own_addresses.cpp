// SPDX-License-Identifier: MIT
#include "net/own_addresses.hpp"

#include <algorithm>

namespace dproxy::net {

namespace {

/// A number may be that of any name.
bool may_be_one_zone(std::string_view a, std::string_view b) {
    const auto is_name = [](std::string_view zone) { return zone.find_first_not_of("0123456789") != zone.npos; };
    return a == b || !is_name(a) || !is_name(b);
}

bool is_same(const Address& a, const Address& b) {
    return a.bytes == b.bytes && may_be_one_zone(a.zone_text(), b.zone_text());
}

}  // namespace

bool OwnAddresses::contains(const Endpoint& endpoint) const {
    const auto has_port = [&](const Endpoint& own) { return own.port == endpoint.port; };
    if (std::none_of(listen.begin(), listen.end(), has_port)) return false;
    Address address = endpoint.address;
    if (address.is_unspecified()) address = *Address::parse(address.is_v4() ? "127.0.0.1" : "::1");
    const bool is_local = address.is_loopback() || std::any_of(local.begin(), local.end(), [&](const Address& one) {
                              return is_same(one, address);
                          });
    return std::any_of(listen.begin(), listen.end(), [&](const Endpoint& own) {
        const bool anywhere = own.address.is_unspecified() && own.address.is_v4() == address.is_v4();
        return has_port(own) && (is_same(own.address, address) || (anywhere && is_local));
    });
}

}  // namespace dproxy::net
