// SPDX-License-Identifier: MIT
// The series of the configuration and of the process.
// Held by tests/unit/telemetry/collector_test.cpp.
#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "telemetry/families.hpp"
#include "telemetry/printable.hpp"

namespace dproxy::telemetry {
namespace {

constexpr std::uint64_t one_if(bool condition) { return condition ? 1 : 0; }

Series file_valid(std::vector<FileState> files) {
    std::stable_partition(files.begin(), files.end(), [](const FileState& file) { return !file.valid; });
    if (files.size() > max_file_series) files.resize(max_file_series);
    Series series(Metric::config_file_valid);
    std::set<std::string> written;
    for (const FileState& file : files) {
        const auto [label, is_new] = written.insert(printable(file.file));
        if (is_new) series.add({*label}, one_if(file.valid));
    }
    return series;
}

Series reload_duration(const ConfigFacts& facts) {
    HistogramSum sum;
    sum.bounds.assign(reload_bounds.begin(), reload_bounds.end());
    sum.buckets.assign(facts.durations.begin(), facts.durations.end());
    sum.sum = facts.duration_sum;
    Series series(Metric::config_reload_duration);
    series.add({}, sum);
    return series;
}

template <typename Value>
void add_gauge(Metric metric, Value value, Families& families) {
    Series series(metric);
    series.add({}, value);
    families.push_back(series.take());
}

template <typename Value>
void add_if_known(Metric metric, const std::optional<Value>& value, Families& families) {
    if (value) add_gauge(metric, *value, families);
}

}  // namespace

void add_config_families(const ConfigFacts& facts, Families& families) {
    add_gauge(Metric::config_routes, std::uint64_t{facts.last.routes}, families);
    families.push_back(file_valid(facts.last.files).take());

    Series reloads(Metric::config_reloads);
    reloads.add({"success"}, facts.successes);
    reloads.add({"failure"}, facts.failures);
    families.push_back(reloads.take());

    add_gauge(Metric::config_last_reload_successful, one_if(facts.last.success), families);
    const std::chrono::duration<double> since_epoch = facts.last.time.time_since_epoch();
    add_gauge(Metric::config_last_reload_timestamp, since_epoch.count(), families);
    families.push_back(reload_duration(facts).take());

    Series info(Metric::config_info);
    if (!facts.last.hash.empty()) info.add({facts.last.hash}, std::uint64_t{1});
    families.push_back(info.take());

    Series watch(Metric::config_watch);
    watch.add({"inotify"}, one_if(facts.watch == WatchMode::inotify));
    watch.add({"poll"}, one_if(facts.watch == WatchMode::poll));
    families.push_back(watch.take());

    Series valid(Metric::tls_certificate_valid), expiry(Metric::tls_certificate_expiry);
    for (const CertificateFact& certificate : facts.certificates) {
        const std::string file = printable(certificate.file);
        valid.add({file}, one_if(certificate.valid));
        if (certificate.expires) expiry.add({file}, static_cast<double>(*certificate.expires));
    }
    families.push_back(valid.take());
    families.push_back(expiry.take());
}

void add_process_families(const ProcessFacts& facts, Families& families) {
    add_if_known(Metric::process_cpu, facts.cpu_seconds, families);
    add_if_known(Metric::process_resident_memory, facts.resident_memory_bytes, families);
    add_if_known(Metric::process_virtual_memory, facts.virtual_memory_bytes, families);
    add_if_known(Metric::process_open_fds, facts.open_fds, families);
    add_if_known(Metric::process_max_fds, facts.max_fds, families);
    add_if_known(Metric::process_start_time, facts.start_time_seconds, families);
}

}  // namespace dproxy::telemetry
