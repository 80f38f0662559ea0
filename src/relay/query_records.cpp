// SPDX-License-Identifier: MIT
// Held by tests/integration/test_query_log.py, tests/unit/relay/no_allocation_test.cpp and
// tests/unit/relay/no_lock_test.cpp.
#include "relay/query_records.hpp"

#include <algorithm>

#include "dns/reply.hpp"
#include "query_log/limits.hpp"
#include "query_log/record.hpp"
#include "relay/transport_label.hpp"
#include "routing/pattern_text.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

namespace {

constexpr std::string_view cut_mark = "...";

Asked asked_for(const Owed& owed) {
    if (owed.entry == nullptr) return owed.asked;
    const std::uint8_t count = owed.entry->attempts.count();
    return {count == 0 ? nullptr : owed.entry->sent[count - 1u].upstream, count};
}

std::optional<std::uint16_t> error_of(dns::Bytes answer, dns::ExtendedError told) {
    if (told != dns::ExtendedError::none) return static_cast<std::uint16_t>(told);
    return dns::extended_error_of(answer);
}

}  // namespace

void QueryRecords::prepare(const Publication& publication) {
    if (!rings_) return;
    std::vector<std::uint32_t> wanted{one_in_};
    for (const auto& settings : publication.table->settings_list()) {
        const std::uint32_t one_in = settings->query_log.value_or(0);
        if (one_in != wanted.back()) wanted.push_back(one_in);
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    std::vector<query_log::Sampler> samplers;
    for (const std::uint32_t one_in : wanted) {
        if (one_in == 0) continue;
        const query_log::Sampler* const known = sampler_of(one_in);
        samplers.push_back(known != nullptr ? *known : query_log::Sampler(one_in, worker_));
    }
    if (samplers.empty()) {
        rings_->close(worker_);
        ring_ = nullptr;
    } else {
        label_.reserve(query_log::max_route_bytes + routing::pattern_text_room);
        ring_ = &rings_->open(worker_);
    }
    samplers_ = std::move(samplers);
}

/// Who writes one route file may write as many fractions as sections: they are searched by halves.
query_log::Sampler* QueryRecords::sampler_of(std::uint32_t one_in) {
    const auto is_less = [](const query_log::Sampler& one, std::uint32_t other) { return one.one_in() < other; };
    const auto found = std::lower_bound(samplers_.begin(), samplers_.end(), one_in, is_less);
    return found != samplers_.end() && found->one_in() == one_in ? &*found : nullptr;
}

bool QueryRecords::is_wanted(routing::RouteIndex route) {
    const routing::RouteTable& table = *publication_->table;
    std::uint32_t one_in = one_in_;
    if (route < table.route_count()) one_in = table.settings(route).query_log.value_or(one_in_);
    if (one_in == 0) return false;
    query_log::Sampler* const sampler = sampler_of(one_in);
    return sampler != nullptr && sampler->take();
}

std::string_view QueryRecords::label_of(const Owed& owed) {
    if (owed.route_slot == telemetry::no_route_slot) return "(none)";
    if (owed.route_slot == telemetry::master_slot) return "(master)";
    if (owed.route >= publication_->table->route_count()) return "(removed)";
    label_.clear();
    publication_->table->append_label(label_, owed.route, query_log::max_route_bytes);
    if (label_.size() == query_log::max_route_bytes) {
        label_.replace(label_.size() - cut_mark.size(), cut_mark.size(), cut_mark);
    }
    return label_;
}

void QueryRecords::note(const Owed& owed, dns::Bytes answer, const Origin& origin, std::uint64_t now_ns) {
    if (!is_wanted(owed.route)) return;
    const Asked asked = asked_for(owed);
    const Upstream* const upstream = origin.upstream != nullptr ? origin.upstream : asked.upstream;
    query_log::Record record;
    record.asked_ns = owed.started_ns;
    record.answered_ns = now_ns;
    record.client = owed.client.source.endpoint();
    record.transport = transport_label(owed.client.transport);
    record.has_question = owed.query.has_question;
    record.type = owed.query.question.type;
    if (record.has_question) record.name = owed.query.question.name(origin.query);
    record.route = label_of(owed);
    if (upstream != nullptr) record.upstream = upstream->spec().key.endpoint;
    record.attempts = asked.attempts;
    record.rcode = dns::full_rcode_of(answer);
    record.error = error_of(answer, origin.error);
    record.bytes = static_cast<std::uint32_t>(answer.size());
    record.source = origin.source;
    const auto room = ring_->begin(query_log::bytes_of(record));
    if (room.empty()) return dropped_.add();
    query_log::write(record, room);
    ring_->commit();
}

}  // namespace dproxy::proxy
