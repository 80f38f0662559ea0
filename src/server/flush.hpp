// SPDX-License-Identifier: MIT
// What an operator has forgotten of the answers that are kept.
#pragma once

#include <string_view>

#include "admin/pages.hpp"
#include "cache/answer_memory.hpp"
#include "telemetry/log.hpp"

namespace dproxy::server {

/// Of `name` and all names below it, `.` for all. {"name", "forgotten"}: how many; or what is wrong with the name. Told
/// in the log. Any thread.
admin::Finding flush(cache::AnswerMemory& memory, std::string_view name, telemetry::Log& log);

}  // namespace dproxy::server
