// SPDX-License-Identifier: MIT
// What the settings say of the data path, as each of its workers takes it; and its secrets, where none are set.
#pragma once

#include <memory>

#include "clients/worker_options.hpp"
#include "routing/route_settings.hpp"
#include "settings/settings.hpp"

namespace dproxy::server {

/// The same for all `workers`, which share the secrets that are drawn here. Once, at the start.
proxy::WorkerOptions worker_options(const config::Settings& settings, unsigned workers);
/// Where names without a route go; null: nowhere.
std::shared_ptr<const routing::RouteSettings> master_settings(const config::Settings& settings);

}  // namespace dproxy::server
