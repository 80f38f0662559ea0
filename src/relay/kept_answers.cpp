// SPDX-License-Identifier: MIT
// Held by tests/integration/test_cache.py, tests/integration/test_cache_stale.py.
#include "relay/kept_answers.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::proxy {

namespace {

cache::KeepingTerms terms_of(const routing::Keeping& keeping) {
    const auto seconds = [](std::chrono::seconds time) { return static_cast<std::uint32_t>(time.count()); };
    return {.least_s = seconds(keeping.least),
            .most_s = seconds(keeping.most),
            .negative_s = seconds(keeping.negative),
            .stale_s = seconds(keeping.stale)};
}

}  // namespace

void KeptAnswers::open() {
    if (is_open() || !memory_) return;
    made_ = cache::make_record_room();
    memory_->open(part_);
    room_ = cache::make_record_room();
}

void KeptAnswers::keep(dns::Bytes reply, const cache::QuestionKey& key, const routing::Keeping& keeping,
                       std::uint64_t asked_ns, const cache::Coming& came) {
    const auto record = cache::make_kept(reply, key, terms_of(keeping), came, made_);
    if (!record.empty()) put(record, asked_ns);
}

void KeptAnswers::put(std::span<const std::uint64_t> record, std::uint64_t asked_ns) {
    memory_->keep(part_, record, asked_ns);
    for (const std::uint16_t account : memory_->evicted(part_)) {
        counters_.route(account).cache[telemetry::CacheEvent::eviction].add();
    }
}

void KeptAnswers::adopt(std::vector<std::uint32_t> routes) {
    if (!memory_) return;
    std::sort(routes.begin(), routes.end());
    memory_->adopt(part_, std::move(routes));
}

void KeptAnswers::note_in_vain(const cache::QuestionKey& key, std::uint64_t now_ns) {
    const cache::Found found = find(key, now_ns);
    if (!found) return;
    const cache::KeptAnswer kept(found.words);
    if (kept.age(now_ns) != cache::Age::stale) return;
    put(kept.copy_resting(now_ns + recheck_ns, made_), now_ns);
}

void KeptAnswers::tell() {
    if (!is_open()) return;
    const auto counts = memory_->counts(part_);
    counters_.cache_entries.set(counts.entries);
    counters_.cache_bytes.set(counts.used_bytes);
}

}  // namespace dproxy::proxy
