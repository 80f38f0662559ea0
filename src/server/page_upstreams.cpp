// SPDX-License-Identifier: MIT
// Upstreams, and the host names that lead to them and to a dnstap reader.
// Held by tests/unit/server/status_page_test.cpp.
#include <algorithm>
#include <atomic>
#include <vector>

#include "admin/html.hpp"
#include "ini/counted.hpp"
#include "io/monotonic.hpp"
#include "routing/setting_names.hpp"
#include "server/counter_sums.hpp"
#include "server/page_sections.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;
using telemetry::WorkerCounters;

namespace {

bool is_up(const proxy::UpstreamSpec& upstream) { return upstream.health->up.load(std::memory_order_relaxed); }

std::string state_of(const proxy::UpstreamSpec& upstream, std::uint64_t now_ns) {
    const std::uint64_t since_ns = upstream.health->changed_ns.load(std::memory_order_relaxed);
    std::string state = is_up(upstream) ? good("up") : bad("down");
    if (since_ns != 0 && since_ns <= now_ns) {
        state += " for " + config::duration_words((now_ns - since_ns) / io::second_ns);
    }
    if (const std::string fault = upstream.health->fault_now(); !fault.empty()) state += ", " + bad(fault);
    return state;
}

/// Of the queries that went to any upstream in the last ten minutes.
std::string share_of(telemetry::Slot slot, const RecentPast& past) {
    const auto found = past.upstreams.find(slot);
    if (found == past.upstreams.end() || past.asked_upstreams == 0) return "";
    const double share = static_cast<double>(found->second.queries) / static_cast<double>(past.asked_upstreams);
    return number_words(100 * share) + " %";
}

/// As the workers have seen it of late; where none has, the mean since the start.
std::string reply_time(telemetry::Slot slot, const Workers& workers, const DurationSum& replies) {
    if (const auto usual_ms = usual_reply_ms(workers, slot)) return milliseconds_words(*usual_ms);
    return replies.count == 0 ? "" : milliseconds_words(replies.mean_ms());
}

std::string failures_of(telemetry::Slot slot, const StatusFacts& facts) {
    std::string failures;
    for (const auto& [reason, count] :
         counts_by<telemetry::Failure>(facts.counters, [&](const WorkerCounters& worker) -> const auto& {
             return worker.upstream(slot).failures;
         })) {
        failures += (failures.empty() ? "" : ", ") + html(reason) + " " + std::to_string(count);
    }
    const auto past = facts.past.upstreams.find(slot);
    if (past == facts.past.upstreams.end() || past->second.failures == 0) return failures;
    return failures + "; " + bad(std::to_string(past->second.failures) + " in the last ten minutes");
}

void add_upstream(const proxy::UpstreamSpec& upstream, const StatusFacts& facts, PageTable& table, std::string& page) {
    const std::string address = html(upstream.key.endpoint.to_string());
    const std::string protocol(name_of(upstream.key.protocol));
    const std::string state = state_of(upstream, facts.now_ns);
    const telemetry::Slot slot = upstream.slot;
    // Upstreams beyond the limit of labels share their counters: theirs alone are not known.
    if (slot == telemetry::other_slot) return table.add({address, protocol, state, "", "", "", "", ""}, page);
    const DurationSum replies = durations(facts.counters, [slot](const WorkerCounters& worker) -> const auto& {
        return worker.upstream(slot).duration;
    });
    const std::uint64_t inflight = sum(
        facts.counters, [slot](const WorkerCounters& worker) { return worker.upstream(slot).inflight.value(); });
    table.add({address, protocol, state, share_of(slot, facts.past), reply_time(slot, facts.counters, replies),
               std::to_string(inflight), std::to_string(replies.count), failures_of(slot, facts)},
              page);
}

/// Those that are down come first, then those that were asked most of late.
std::vector<const proxy::UpstreamSpec*> in_order(const StatusFacts& facts) {
    std::vector<const proxy::UpstreamSpec*> order;
    for (const proxy::UpstreamSpec& upstream : facts.publication->pools->upstreams) order.push_back(&upstream);
    const auto rank = [&](const proxy::UpstreamSpec* upstream) {
        const auto past = facts.past.upstreams.find(upstream->slot);
        const bool is_known = upstream->slot != telemetry::other_slot && past != facts.past.upstreams.end();
        return is_known ? past->second.queries : 0;
    };
    const auto up = std::stable_partition(order.begin(), order.end(), [](const auto* one) { return !is_up(*one); });
    const auto by_rank = [&](const auto* a, const auto* b) { return rank(a) > rank(b); };
    std::stable_sort(order.begin(), up, by_rank);
    std::stable_sort(up, order.end(), by_rank);
    return order;
}

}  // namespace

void add_upstreams(const StatusFacts& facts, std::string& page) {
    add_heading("upstreams", "Upstreams", page);
    page += "<p>Share: of the queries to all upstreams in the last ten minutes. Replies and failures: since the "
            "start.</p>\n";
    PageTable table("Upstreams",
                    {"Address", "Protocol", "State", "#Share", "#Reply time", "#In flight", "#Replies", "Failures"},
                    page);
    const auto upstreams = in_order(facts);
    for (const proxy::UpstreamSpec* upstream : upstreams) {
        if (!table.is_full()) add_upstream(*upstream, facts, table, page);
    }
    table.end(upstreams.size(), in_status, page);
}

void add_hosts(const StatusFacts& facts, std::string& page) {
    if (facts.hosts.empty()) return;
    add_heading("hosts", "Host names", page);
    PageTable table("Host names of upstreams and of a dnstap reader", {"Name", "State", "Addresses"}, page);
    for (const proxy::HostReport& host : facts.hosts) {
        if (table.is_full()) break;
        std::string addresses;
        for (std::size_t i = 0; i < host.addresses.size() && i < max_page_upstreams; ++i) {
            addresses += (i ? ", " : "") + host.addresses[i].to_string();
        }
        if (host.addresses.size() > max_page_upstreams) addresses += ", ...";
        const std::string state(name_of(host.state));
        table.add({html(host.host), host.fault.empty() ? good(state) : bad(state + ": " + host.fault), addresses},
                  page);
    }
    table.end(facts.hosts.size(), in_status, page);
}

}  // namespace dproxy::server
