// SPDX-License-Identifier: MIT
// A .prox file, from its text: the routes in it, or everything that is wrong with it. Decides without I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "ini/diagnostic.hpp"
#include "route_files/list_file.hpp"
#include "route_files/route_keys.hpp"
#include "routing/owners.hpp"
#include "routing/route_file.hpp"
#include "routing/route_table.hpp"
#include "routing/settings_pool.hpp"

namespace dproxy::config {

/// A file with more faults than this lists the first ones and counts the others.
inline constexpr std::size_t max_faults_per_file = 100;

/// Of all lists that its sections name, together; a list counts for each section.
inline constexpr std::uint64_t max_listed_patterns = std::uint64_t{1} << 24;

struct ProxOptions {
    Capabilities capabilities{};
    std::mutex* pool_mutex = nullptr;  ///< held while the pool is asked, where files are read by several threads
    std::function<NamedList(std::string_view name)> list_of{};  ///< beside the file; not set: there are no lists
    TextFinder text_of{};  ///< the same of what tls_ keys name
    const routing::Owners* owners = nullptr;  ///< null: the file may name all
    std::string_view directory{};             ///< of the file, as owners know it
};

struct ProxParse {
    std::shared_ptr<const routing::RouteFile> file;  ///< null where there was an error
    /// In the order of the lines. Warnings leave the file good, and so do sections with names of other owners, which
    /// are left out.
    Diagnostics diagnostics;
    bool awaits_interface = false;  ///< an address has a zone that is not there: may be good later as it stands
};

/// All faults at once. `file_name` is what the messages write, `directory/name`. An empty text is a good
/// file without routes. That a pattern stands twice shows only when the table is built.
ProxParse parse_prox(std::string_view text, std::string_view file_name, const ProxOptions& options,
                     routing::SettingsPool& pool);

/// The message of a section that is left out because one of its patterns stands twice.
Diagnostic describe(const routing::Duplicate& duplicate);

}  // namespace dproxy::config
