// SPDX-License-Identifier: MIT
// One worker's way to the answers that are kept. One thread.
// Held by tests/integration/test_cache.py.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cache/answer_memory.hpp"
#include "cache/keeping.hpp"
#include "routing/keeping.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// After a refresh in vain, nobody asks again for so long (RFC 8767 5: the failure recheck timer).
inline constexpr std::uint64_t recheck_ns = 30'000'000'000;

class KeptAnswers {
public:
    /// `part`: the one that this worker writes. Null: nothing is ever kept.
    KeptAnswers(std::shared_ptr<cache::AnswerMemory> memory, unsigned part, telemetry::WorkerCounters& counters)
        : memory_(std::move(memory)), part_(part), counters_(counters) {}

    /// First, where any route keeps answers. Nothing happens where it was called before.
    void open();
    bool is_open() const { return !room_.empty(); }

    /// Those that QuestionKey::route may be from now on. What is kept of others goes first, which is
    /// nobody's loss and not counted.
    void adopt(std::vector<std::uint32_t> routes);

    /// What is found stays until the next call of any of these.
    cache::Found find(const cache::QuestionKey& key, std::uint64_t now_ns) { return memory_->find(key, now_ns, room_); }
    void count_hit(const cache::Found& found) { memory_->count_hit(found); }
    /// The reply to a query that was asked at `asked_ns`.
    void keep(dns::Bytes reply, const cache::QuestionKey& key, const routing::Keeping& keeping, std::uint64_t asked_ns,
              const cache::Coming& came);
    /// The answer, which is stale, could not be had anew.
    void note_in_vain(const cache::QuestionKey& key, std::uint64_t now_ns);
    /// Each second.
    void tell();

private:
    void put(std::span<const std::uint64_t> record, std::uint64_t asked_ns);

    std::shared_ptr<cache::AnswerMemory> memory_;
    unsigned part_;
    telemetry::WorkerCounters& counters_;
    cache::RecordRoom room_;
    cache::RecordRoom made_;
};

}  // namespace dproxy::proxy
