// SPDX-License-Identifier: MIT
// What was counted since the start.
// Held by tests/unit/server/status_page_test.cpp.
#include <array>
#include <utility>

#include "admin/html.hpp"
#include "ini/counted.hpp"
#include "server/cache_sums.hpp"
#include "server/counter_sums.hpp"
#include "server/page_sections.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;
using telemetry::WorkerCounters;

namespace {

template <typename Label, typename Read>
void add_counts(const StatusFacts& facts, std::string_view heading, PageTable& table, Read read, std::string& page) {
    for (const auto& [label, count] : counts_by<Label>(facts.counters, read)) {
        if (!table.is_full()) table.add({std::string(heading), html(label), std::to_string(count)}, page);
    }
}

constexpr std::array<std::pair<telemetry::Source, std::string_view>, telemetry::count_of<telemetry::Source>>
    answers_by_source{{{telemetry::Source::upstream, "relayed"},
                       {telemetry::Source::local, "dproxy's own"},
                       {telemetry::Source::cache, "kept"},
                       {telemetry::Source::stale, "kept, beyond its TTL"}}};

void add_answers(const StatusFacts& facts, PageTable& table, std::string& page) {
    using telemetry::RcodeLabel, telemetry::Transport;
    for (std::size_t i = 0; i < telemetry::count_of<Transport>; ++i) {
        const auto durations_here =
            durations(facts.counters, [&](const WorkerCounters& worker) -> const auto& { return worker.duration[i]; });
        const std::string mean =
            durations_here.count ? ", mean time " + milliseconds_words(durations_here.mean_ms()) : "";
        const std::string transport(name_of(static_cast<Transport>(i)));
        table.add({"answers", "over " + transport + mean, std::to_string(durations_here.count)}, page);
    }
    for (std::size_t i = 0; i < telemetry::count_of<RcodeLabel>; ++i) {
        for (const auto& [source, whose] : answers_by_source) {
            const std::uint64_t count = sum(facts.counters, [i, source = source](const WorkerCounters& worker) {
                std::uint64_t of_all = 0;
                for (const auto& by_rcode : worker.responses) of_all += by_rcode[i][source].value();
                return of_all;
            });
            const std::string_view rcode = name_of(static_cast<RcodeLabel>(i));
            if (count > 0) {
                table.add({"answers", html(rcode) + ", " + std::string(whose), std::to_string(count)}, page);
            }
        }
    }
}

}  // namespace

void add_traffic(const StatusFacts& facts, std::string& page) {
    add_heading("traffic", "Traffic since the start", page);
    PageTable table("Traffic since the start", {"What", "Which", "#How many"}, page);
    add_answers(facts, table, page);
    const std::uint64_t inflight =
        sum(facts.counters, [](const WorkerCounters& worker) { return worker.inflight.value(); });
    table.add({"in flight", "now", std::to_string(inflight)}, page);
    add_counts<telemetry::Rejection>(
        facts, "refused or answered here", table,
        [](const WorkerCounters& worker) -> const auto& { return worker.rejected; }, page);
    add_counts<telemetry::Drop>(
        facts, "dropped", table, [](const WorkerCounters& worker) -> const auto& { return worker.dropped; }, page);
    table.end(0, "", page);
}

/// Only where there are any: most set-ups keep none.
void add_kept(const StatusFacts& facts, std::string& page) {
    const CacheSums sums = cache_sums(facts);
    if (!sums.is_used) return;
    add_heading("kept", "Kept answers", page);
    page += "<p>" + config::counted(sums.entries, "answer") + " in " + mebibytes_words(sums.bytes) + " of " +
            mebibytes_words(sums.size) + "; <code>dproxy flush NAME</code> forgets them.</p>\n";
    PageTable table("Kept answers", {"Since the start", "#How many"}, page);
    const auto add = [&](const char* what, std::uint64_t count) { table.add({what, std::to_string(count)}, page); };
    add("queries answered from memory", sums.hits);
    add("beyond the TTL, as no upstream answered", sums.stale);
    add("not found", sums.misses);
    add("asked for again before the TTL was over", sums.prefetches);
    add("queries that waited for another's reply", sums.merged);
    add("answers that went for want of room", sums.evictions);
    table.end(0, "", page);
}

}  // namespace dproxy::server
