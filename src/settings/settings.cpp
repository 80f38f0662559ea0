// SPDX-License-Identifier: MIT
#include "settings/settings.hpp"

namespace dproxy::config {

std::vector<net::Endpoint> listen_endpoints(const Settings& settings) {
    if (!settings.listen.empty()) {
        return settings.listen;
    }
    return {{net::Address{}, settings.port}, {net::Address::v4(0, 0, 0, 0), settings.port}};
}

}  // namespace dproxy::config
