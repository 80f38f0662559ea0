// SPDX-License-Identifier: MIT
// A record as a line of the log, in the log's own form and with its escapes:
//
//     2026-11-24T04:05:06.123Z info query client=192.0.2.7 transport=udp name=www.example.com type=A route=.example.com
//         upstream=10.0.0.53:53 attempts=1 taken_ms=0.412 rcode=NOERROR bytes=61 source=upstream
#pragma once

#include <chrono>
#include <string>

#include "query_log/record.hpp"
#include "telemetry/log_options.hpp"

namespace dproxy::query_log {

/// With its end. What has nothing to say is left out: name and type of a query that has none, the upstream where none
/// was asked, `ede` where there is no Extended DNS Error. At most max_line_bytes, whatever the record holds.
std::string line_of(const Record& record, std::chrono::system_clock::time_point answered,
                    telemetry::LogFormat format);

}  // namespace dproxy::query_log
