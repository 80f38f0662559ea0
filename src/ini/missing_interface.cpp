// SPDX-License-Identifier: MIT
#include "ini/missing_interface.hpp"

namespace dproxy::config {

std::string missing_interface(const net::Address& address, InterfaceCheck exists) {
    if (address.zone_text().empty() || exists(address)) return {};
    return "`" + address.to_string() + "`: there is no interface `" + std::string(address.zone_text()) +
           "` on this machine";
}

}  // namespace dproxy::config
