// SPDX-License-Identifier: MIT
// The fault of an address whose interface (`fe80::1%eth0`) is not there.
#pragma once

#include <string>

#include "io/interfaces.hpp"
#include "net/address.hpp"

namespace dproxy::config {

/// io::interface_exists; tests put their own in its place.
using InterfaceCheck = bool (*)(const net::Address& address);

/// Empty where the address has no zone, or one that is there.
std::string missing_interface(const net::Address& address, InterfaceCheck exists);

}  // namespace dproxy::config
