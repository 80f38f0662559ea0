// SPDX-License-Identifier: MIT
// What is known of each route file, as JSON: at /files, in /status and by `dproxy check`. Documented in
// docs/operations.md.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/keyed_hash.hpp"
#include "route_files/files_in_force.hpp"
#include "route_files/route_store.hpp"

namespace dproxy::config {

/// Files that one look for a name finds; the rest is counted in "files_more".
inline constexpr std::size_t max_files_found = 1000;

/// `{"file", "line", "severity", "message"}`
boost::json::object fault_json(const Diagnostic& fault);

/// `{"file", "valid", "in_force", "hash", "hash_in_force", "since", "routes", "lists"}`. Without `in_force`
/// (nothing runs: files were only read) what would be in force is told, and no time.
boost::json::object file_json(const RouteFileState& file, const FilesInForce* in_force);

/// The file's name as it is shown, or its last components: `team-a/a.prox` is `/etc/dproxy/routes/team-a/a.prox`.
bool is_named(std::string_view file, std::string_view name);

/// All files as JSON, in pieces, each with its faults: a directory of many is told without holding its text. Immutable:
/// several may read it at a time, each at its own place.
class FileListing {
public:
    static constexpr std::size_t piece_bytes = 64 * 1024;

    FileListing(std::shared_ptr<const RoutesState> routes, std::shared_ptr<const FilesInForce> in_force);

    bool is_of(const RoutesState* routes, const FilesInForce* in_force) const {
        return routes_.get() == routes && in_force_.get() == in_force;
    }
    /// Appends about piece_bytes from `at`, which begins with 0 and is moved on. False: that was the end.
    bool append(std::size_t& at, std::string& text) const;
    /// Those that is_named() finds, at most max_files_found, in one piece.
    std::string find(std::string_view name) const;

private:
    std::string described(const RouteFileState& file) const;

    std::shared_ptr<const RoutesState> routes_;
    std::shared_ptr<const FilesInForce> in_force_;
    std::unordered_multimap<std::string_view, const Diagnostic*, net::TextHash> faults_;  ///< by file
};

}  // namespace dproxy::config
