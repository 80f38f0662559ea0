// SPDX-License-Identifier: MIT
// The page of all routes.
#pragma once

#include <memory>

#include "reports/route_listing.hpp"
#include "server/shared_listing.hpp"

namespace dproxy::server {

/// One thread, that of what begin() gives out as well.
class RoutesPage {
public:
    /// Those who read the same table share one listing of it; readers of an older one are cut off.
    admin::NextPiece begin(std::shared_ptr<const routing::RouteTable> table, const config::Settings& settings);

private:
    SharedListing<config::RouteListing> listing_;
};

}  // namespace dproxy::server
