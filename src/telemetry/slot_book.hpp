// SPDX-License-Identifier: MIT
// Hands out counter slots to labels, within the limit of metrics_routes or metrics_upstreams. No clock
// and no counters of its own: the reload side asks, and passes on what must be cleared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/keyed_hash.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::telemetry {

class SlotBook {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// How long a slot rests between two labels: queries in flight still count in it. What may take
    /// longer (a zone transfer) keeps its label in the list given to assign() until it ends.
    static constexpr std::chrono::minutes rest{5};
    /// The largest limit that Slot can number.
    static constexpr std::size_t max_limit = 32'000;

    /// `first` is first_route_slot or first_upstream_slot. A limit above max_limit is max_limit.
    SlotBook(Slot first, std::size_t limit);

    /// How many slots the counters need: the reserved ones, and twice the limit, as removed labels rest.
    std::size_t slot_count() const noexcept { return end_; }

    struct Assignment {
        std::vector<Slot> slots;     ///< of each label given, in its order; other_slot beyond the limit
        std::vector<Slot> to_clear;  ///< slots that had another label before
    };
    /// All labels in force from now on. A label keeps its slot, one that comes back while its slot rests
    /// gets it again with its counts; the same label twice has one slot. New labels are served in order.
    Assignment assign(std::span<const std::string_view> labels, TimePoint now);

    /// Labels too many to be walked each time, every one once, known by their places from 0.
    struct ManyLabels {
        static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
        std::size_t count = 0;
        std::function<std::size_t(std::string_view)> place_of;  ///< or nowhere
        std::function<std::string(std::size_t)> label_at;
    };
    /// The same for these. The cost grows with the limit.
    Assignment assign(const ManyLabels& labels, TimePoint now);

private:
    struct Holder {
        Slot slot = other_slot;
        std::uint64_t seen = 0;  ///< the last assign() that named it
    };
    struct Resting {
        std::string label;
        Slot slot = other_slot;
        TimePoint since;
    };

    void retire_unseen(TimePoint now);
    void give_new_slots(const ManyLabels& labels, TimePoint now, Assignment& assignment);
    void give_back_resting(const ManyLabels& labels, Assignment& assignment);
    bool has_free_slot(TimePoint now) const;
    Slot take(std::string_view label, TimePoint now, Assignment& assignment);

    std::size_t limit_;
    std::size_t next_unused_;
    std::size_t end_;
    std::uint64_t round_ = 0;
    std::unordered_map<std::string, Holder, net::TextHash, std::equal_to<>> holders_;
    std::deque<Resting> resting_;  ///< longest rest first
};

}  // namespace dproxy::telemetry
