// SPDX-License-Identifier: MIT
#include "server/routes_page.hpp"

#include <utility>

namespace dproxy::server {

admin::NextPiece RoutesPage::begin(std::shared_ptr<const routing::RouteTable> table,
                                   const config::Settings& settings) {
    return listing_.begin([&](const config::RouteListing& last) { return last.table() == table; },
                          [&] { return config::RouteListing(std::move(table), settings); });
}

}  // namespace dproxy::server
