// SPDX-License-Identifier: MIT
// The interfaces of this machine, and their addresses, as they are at this moment.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.hpp"

namespace dproxy::io {

/// Of the interface that the zone of an address (`fe80::1%eth0`) names, or the number that stands there (RFC 4007
/// 11.2). 0 where there is no zone, or no interface of that name.
std::uint32_t interface_index(const net::Address& address);

/// Whether the interface that the address is written with is there.
bool interface_exists(const net::Address& address);

/// Addresses of all interfaces; link-local ones with their zone. Empty where the kernel does not tell.
std::vector<net::Address> local_addresses();

}  // namespace dproxy::io
