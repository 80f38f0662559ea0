// SPDX-License-Identifier: MIT
#include "io/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "io/socket_address.hpp"

namespace dproxy::io {
namespace {

std::optional<net::Address> address_of(const ifaddrs& interface) {
    const sockaddr* found = interface.ifa_addr;
    if (found == nullptr || (found->sa_family != AF_INET && found->sa_family != AF_INET6)) return std::nullopt;
    SocketAddress socket_address;
    std::memcpy(&socket_address.v6, found, found->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    net::Address address = socket_address.address();
    const std::string_view name = interface.ifa_name;
    if (!address.is_v4() && address.is_link_local()) name.copy(address.zone.data(), net::max_zone_length);
    return address;
}

}  // namespace

std::uint32_t interface_index(const net::Address& address) {
    const std::string_view zone = address.zone_text();
    if (zone.empty()) return 0;
    if (const unsigned index = ::if_nametoindex(address.zone.data()); index != 0) return index;
    std::uint32_t number = 0;
    const auto [stopped, error] = std::from_chars(zone.data(), zone.data() + zone.size(), number);
    return error == std::errc{} && stopped == zone.data() + zone.size() ? number : 0;
}

bool interface_exists(const net::Address& address) {
    const std::uint32_t index = interface_index(address);
    std::array<char, IF_NAMESIZE> name{};
    return index != 0 && ::if_indextoname(index, name.data()) != nullptr;
}

std::vector<net::Address> local_addresses() {
    std::vector<net::Address> addresses;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return addresses;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
    for (const auto* interface = first; interface != nullptr; interface = interface->ifa_next) {
        if (const auto address = address_of(*interface)) addresses.push_back(*address);
    }
    return addresses;
}

}  // namespace dproxy::io
