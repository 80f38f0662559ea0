// SPDX-License-Identifier: MIT
#include "route_files/files_in_force.hpp"

namespace dproxy::config {

FilesInForce::FilesInForce(const FilesInForce& before, const RoutesState& routes, Time now) {
    versions_.reserve(routes.files.size());
    for (const RouteFileState& file : routes.files) {
        if (!file.content_in_force) continue;
        const Version* known = before.find(file.name);
        const bool same = known != nullptr && known->content == *file.content_in_force;
        versions_.insert_or_assign(file.name, Version{*file.content_in_force, same ? known->since : now});
    }
}

const FilesInForce::Version* FilesInForce::find(std::string_view file) const {
    const auto found = versions_.find(file);
    return found == versions_.end() ? nullptr : &found->second;
}

}  // namespace dproxy::config
