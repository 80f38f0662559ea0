// SPDX-License-Identifier: MIT
// The page of all route files, or of those of one name.
#pragma once

#include <memory>
#include <string_view>

#include "reports/file_report.hpp"
#include "server/shared_listing.hpp"

namespace dproxy::server {

/// One thread, that of what begin() gives out as well.
class FilesPage {
public:
    /// `name` may be empty: all. Those who read the same share one listing; readers of an older one are cut off.
    admin::NextPiece begin(std::shared_ptr<const config::RoutesState> routes,
                           std::shared_ptr<const config::FilesInForce> in_force, std::string_view name);

private:
    SharedListing<config::FileListing> listing_;
};

}  // namespace dproxy::server
