// SPDX-License-Identifier: MIT
// Which content of each route file every worker goes by, and since when: what a controller waits for. Immutable; any
// thread may read it. It has no clock: time points come in.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/keyed_hash.hpp"
#include "route_files/content_hash.hpp"
#include "route_files/route_store.hpp"

namespace dproxy::config {

class FilesInForce {
public:
    using Time = std::chrono::system_clock::time_point;
    struct Version {
        ContentHash content;
        Time since;
    };

    FilesInForce() = default;
    /// Every worker has taken what `routes` tells of. Content that was in force `before` has been since then.
    FilesInForce(const FilesInForce& before, const RoutesState& routes, Time now);

    /// Null for a file of which no version is in force.
    const Version* find(std::string_view file) const;

private:
    std::unordered_map<std::string, Version, net::TextHash, std::equal_to<>> versions_;
};

}  // namespace dproxy::config
