// SPDX-License-Identifier: MIT
// A route store over temporary directories, and questions to its table.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "config_directory.hpp"
#include "dns/name.hpp"
#include "route_files/route_store.hpp"

namespace dproxy::test {

using config::ReloadHints;
using config::ReloadResult;
using config::RouteStore;
using Strings = std::vector<std::string>;

struct StoreFixture {
    TemporaryDirectory top;
    std::string location = (top / "upstream").string();
    RouteStore::TimePoint now{std::chrono::hours(1)};

    StoreFixture() { fs::create_directory(location); }

    fs::path file(const std::string& name) const { return fs::path(location) / name; }
    std::string shown(const std::string& name) const { return location + "/" + name; }
    config::RouteStoreOptions options(Strings locations = {}) const {
        if (locations.empty()) locations = {location};
        // Files of tests are younger than any settling time.
        config::RouteStoreOptions options{std::move(locations)};
        options.limits.settled_after = std::chrono::nanoseconds(0);
        return options;
    }
    RouteStore store(Strings locations = {}) const { return RouteStore(options(std::move(locations))); }
    ReloadResult reload(RouteStore& store, ReloadHints hints = {}) {
        now += std::chrono::milliseconds(1);
        return store.reload(hints, now);
    }
};

/// The first address of the route that a name takes, or "none".
inline std::string answer(const ReloadResult& result, const std::string& name) {
    const auto parsed = dns::Name::parse(name, true);
    const auto route = result.state->table->find(parsed.name.wire());
    if (route == routing::no_route) return "none";
    return result.state->table->settings(route).targets.at(0).endpoint.address.to_string();
}

inline bool is_file(const config::RouteFileState& file, const std::string& name, bool valid, bool in_force) {
    return file.name == name && file.valid == valid && file.in_force == in_force;
}

/// `file:line: message` of each.
inline Strings texts(const config::Diagnostics& faults) {
    Strings all;
    for (const auto& fault : faults) all.push_back(fault.to_string());
    return all;
}

}  // namespace dproxy::test
