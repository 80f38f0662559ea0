// SPDX-License-Identifier: MIT
#include "routing/upstream_choice.hpp"

#include <array>

#include "dns/name.hpp"

namespace dproxy::routing {

namespace {

std::uint64_t mix(std::uint64_t value) {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccd;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53;
    return value ^ value >> 33;
}

/// Made at who answers others, before who is silent is asked.
constexpr std::size_t attempts_before_silent = 2;

struct Rank {
    bool tried = false;
    bool silent = false;
};

/// The candidates that may be chosen: those of one rank.
struct Eligible {
    std::span<const Candidate> candidates;
    Rank rank;

    bool operator()(std::size_t index) const {
        const Candidate& one = candidates[index];
        return one.usable && one.tried == rank.tried && one.silent == rank.silent;
    }
    std::size_t count() const {
        std::size_t found = 0;
        for (std::size_t i = 0; i < candidates.size(); ++i) found += (*this)(i);
        return found;
    }
    /// The n-th of them, counted from 0.
    std::size_t nth(std::size_t n) const {
        for (std::size_t i = 0;; ++i) {
            if ((*this)(i) && n-- == 0) return i;
        }
    }
};

/// Equal ones take turns, else the first would have all queries whenever the load is low.
std::size_t least_outstanding(const Eligible& eligible, std::uint32_t turn) {
    std::uint32_t least = 0xffffffff;
    std::uint32_t equal = 0;
    for (std::size_t i = 0; i < eligible.candidates.size(); ++i) {
        const std::uint32_t outstanding = eligible.candidates[i].outstanding;
        if (!eligible(i) || outstanding > least) continue;
        equal = outstanding < least ? 1 : equal + 1;
        least = outstanding;
    }
    std::uint32_t left = turn % equal;
    for (std::size_t i = 0;; ++i) {
        if (eligible(i) && eligible.candidates[i].outstanding == least && left-- == 0) return i;
    }
}

/// Rendezvous hashing: when an upstream goes down or is added, only the names it had or gets move.
std::size_t highest_score(const Eligible& eligible, std::uint64_t name_hash) {
    std::size_t best = eligible.nth(0);
    std::uint64_t best_score = 0;
    for (std::size_t i = best; i < eligible.candidates.size(); ++i) {
        const std::uint64_t score = mix(name_hash ^ mix(eligible.candidates[i].identity));
        if (eligible(i) && score >= best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

}  // namespace

std::optional<std::size_t> choose_upstream(Policy policy, std::span<const Candidate> candidates,
                                           const ChoiceFacts& facts) {
    constexpr Rank fresh{false, false}, tried{true, false}, silent{false, true}, last{true, true};
    const std::array<Rank, 4> ranks = facts.attempts < attempts_before_silent ? std::array{fresh, tried, silent, last}
                                                                              : std::array{fresh, silent, tried, last};
    Eligible eligible{candidates, {}};
    std::size_t count = 0;
    for (auto rank = ranks.begin(); count == 0; ++rank) {
        if (rank == ranks.end()) return std::nullopt;
        eligible.rank = *rank;
        count = eligible.count();
    }
    switch (policy) {
        case Policy::least_outstanding:
            return least_outstanding(eligible, facts.turn);
        case Policy::round_robin:
            return eligible.nth(facts.turn % count);
        case Policy::random:
            return eligible.nth(facts.random % count);
        case Policy::hash:
            return highest_score(eligible, facts.name_hash);
        case Policy::first:
            break;
    }
    return eligible.nth(0);
}

std::uint64_t hash_of_name(dns::Bytes name) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::uint8_t byte : name) hash = (hash ^ dns::to_lower(byte)) * 0x100000001b3;
    return mix(hash);
}

}  // namespace dproxy::routing
