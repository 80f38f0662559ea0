// SPDX-License-Identifier: MIT
// Which routes, or which upstreams, have a past: a bounded number of those that have counters of their own. Those that
// are asked have one, the busiest first; what was quiet for ten minutes makes room for others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "telemetry/past.hpp"

namespace dproxy::telemetry {

/// Of the routes, and of the upstreams.
inline constexpr std::size_t most_pasts = 60;
/// Slots of counters that are looked at: those of 1,000 labels, as a slot rests between two.
inline constexpr Slot most_slots_watched = 2048;

/// What the counters of all workers say together at one moment.
struct Counted {
    std::uint64_t queries = 0;
    std::uint64_t failures = 0;
    std::array<std::uint64_t, DurationHistogram::bucket_count> durations{};

    void add(const DurationHistogram& histogram);
    /// What came since. Nothing where a counter went back: it was cleared.
    std::optional<Counts> since(const Counted& before) const;
};

/// Counters, of all workers together.
class CountsOfSlots {
public:
    virtual ~CountsOfSlots() = default;
    virtual std::uint64_t queries(Slot slot) const = 0;
    virtual Counted counted(Slot slot) const = 0;
};

/// One owner.
class HistoryPlaces {
public:
    /// `slots`: those that have a label now, each once. `is_known`: the last look was one second ago.
    void look(std::int64_t second, bool is_known, std::span<const Slot> slots, const CountsOfSlots& counters);
    /// The slot is another's from now on, or nobody's.
    void forget(Slot slot);

    std::vector<Slot> slots() const;      ///< that have a past
    const Past* find(Slot slot) const;    ///< null where there is none
    /// At the last look: slots with a label that were asked at some time and have no past, or that are not watched.
    std::size_t left_out() const { return left_out_; }

private:
    struct Place {
        Slot slot;
        std::int64_t asked;  ///< the last second in which it was, as far as is known
        Counted last;
        Past past;
    };
    struct Newcomer {
        Slot slot;
        std::uint32_t queries;  ///< since the last look
        bool is_first;          ///< of all that it ever was asked
    };
    std::vector<Newcomer> watch(std::span<const Slot> slots, const CountsOfSlots& counters);
    std::unique_ptr<Place>* find_room(std::int64_t second);
    void take(std::int64_t second, bool is_known, Place& place, const CountsOfSlots& counters);

    std::array<std::unique_ptr<Place>, most_pasts> places_{};
    std::array<std::uint32_t, most_slots_watched> seen_{};  ///< queries of each slot at the last look, low bits
    std::size_t left_out_ = 0;

public:
    /// That it may hold.
    static constexpr std::size_t bytes_at_most = most_pasts * sizeof(Place) + sizeof(places_) + sizeof(seen_);
};

}  // namespace dproxy::telemetry
