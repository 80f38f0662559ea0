// SPDX-License-Identifier: MIT
// The zones of a network's addresses below in-addr.arpa and ip6.arpa.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dproxy::foreign {

/// `2.0.192.in-addr.arpa` for `192.0.2.0/24`; several where the prefix ends within an octet, of IPv6 within four bits
/// (at most 128). Empty where the text is no network, or has no prefix.
std::vector<std::string> reverse_zones(std::string_view network);

}  // namespace dproxy::foreign
