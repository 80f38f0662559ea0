// SPDX-License-Identifier: MIT
// What host names of upstreams have led to: filled by who resolves them, read by who makes pools of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/address.hpp"

namespace dproxy::proxy {

/// Host name: its addresses, as they were resolved last. A name that never was is not in it; no list is empty.
using AddressBook = std::map<std::string, std::vector<net::Address>>;

}  // namespace dproxy::proxy
