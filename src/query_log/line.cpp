// SPDX-License-Identifier: MIT
#include "query_log/line.hpp"

#include <vector>

#include "dns/name.hpp"
#include "query_log/limits.hpp"
#include "telemetry/log.hpp"
#include "telemetry/log_line.hpp"

namespace dproxy::query_log {
namespace {

std::string rcode_text(std::uint16_t rcode) {
    if (rcode == dns::rcode_badvers) return "BADVERS";
    if (rcode == dns::rcode_badcookie) return "BADCOOKIE";
    if (rcode < dns::rcode_badvers) return std::string(dns::rcode_name(static_cast<std::uint8_t>(rcode)));
    return "RCODE" + std::to_string(rcode);
}

/// With three places: a turn's clock knows no more that would mean anything.
double milliseconds(std::uint64_t nanoseconds) { return static_cast<double>((nanoseconds + 500) / 1000) / 1000.0; }

}  // namespace

std::string line_of(const Record& record, std::chrono::system_clock::time_point answered,
                    telemetry::LogFormat format) {
    const std::string client = record.client.address.to_string();
    const std::string name = record.has_question ? dns::name_to_text(record.name) : std::string();
    const std::string upstream = record.upstream ? record.upstream->to_string() : std::string();
    const std::string rcode = rcode_text(record.rcode);
    std::vector<telemetry::LogField> fields;
    fields.reserve(12);
    fields.push_back({"client", client});
    fields.push_back({"transport", name_of(record.transport)});
    if (record.has_question) {
        fields.push_back({"name", name});
        fields.push_back({"type", dns::type_name(record.type)});
    }
    fields.push_back({"route", record.route});
    if (record.upstream) fields.push_back({"upstream", upstream});
    fields.push_back({"attempts", record.attempts});
    fields.push_back({"taken_ms", milliseconds(record.answered_ns - record.asked_ns)});
    fields.push_back({"rcode", rcode});
    fields.push_back({"bytes", record.bytes});
    fields.push_back({"source", name_of(record.source)});
    if (record.error) fields.push_back({"ede", *record.error});
    return telemetry::whole_line(format, {answered, telemetry::LogLevel::info}, "query", fields, max_line_bytes);
}

}  // namespace dproxy::query_log
