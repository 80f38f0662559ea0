// SPDX-License-Identifier: MIT
// How the metrics call what was said over HTTP, and why a session of it has ended.
#pragma once

#include <optional>

#include "http/server_session.hpp"
#include "http/status.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

telemetry::HttpCode http_code(http::Status status);
/// It ended as more came than can be meant well.
bool is_flood(http::SessionEnd end);
/// Nothing where it has not ended, or in good order.
std::optional<telemetry::Rejection> rejection_of(http::SessionEnd end);

}  // namespace dproxy::proxy
