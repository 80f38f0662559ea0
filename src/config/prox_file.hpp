// SPDX-License-Identifier: MIT
// A .prox file, from its text: the routes in it, or everything that is wrong with it. Decides without I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "config/diagnostic.hpp"
#include "config/route_keys.hpp"
#include "routing/route_file.hpp"
#include "routing/route_table.hpp"
#include "routing/settings_pool.hpp"

namespace dproxy::config {

/// A file with more faults than this lists the first ones and counts the others.
inline constexpr std::size_t max_faults_per_file = 100;

struct ProxOptions {
    Capabilities capabilities{};
    std::mutex* pool_mutex = nullptr;  ///< held while the pool is asked, where files are read by several threads
};

struct ProxParse {
    std::shared_ptr<const routing::RouteFile> file;  ///< null where there was an error
    Diagnostics diagnostics;                         ///< in the order of the lines; warnings leave the file good
};

/// All faults at once. `file_name` is what the messages write, `directory/name`. An empty text is a good
/// file without routes. That a pattern stands twice shows only when the table is built.
ProxParse parse_prox(std::string_view text, std::string_view file_name, const ProxOptions& options,
                     routing::SettingsPool& pool);

/// The message of a section that is left out because one of its patterns stands twice.
Diagnostic describe(const routing::Duplicate& duplicate);

}  // namespace dproxy::config
