// SPDX-License-Identifier: MIT
#include "telemetry/history_places.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::telemetry {

void Counted::add(const DurationHistogram& histogram) {
    for (std::size_t i = 0; i < durations.size(); ++i) durations[i] += histogram.bucket(i);
}

std::optional<Counts> Counted::since(const Counted& before) const {
    bool went_back = queries < before.queries || failures < before.failures;
    Counts counts;
    counts.queries = static_cast<std::uint32_t>(queries - before.queries);
    counts.failures = static_cast<std::uint32_t>(failures - before.failures);
    for (std::size_t i = 0; i < durations.size(); ++i) {
        went_back = went_back || durations[i] < before.durations[i];
        counts.durations[i] = static_cast<std::uint32_t>(durations[i] - before.durations[i]);
    }
    if (went_back) return std::nullopt;
    return counts;
}

void HistoryPlaces::look(std::int64_t second, bool is_known, std::span<const Slot> slots,
                         const CountsOfSlots& counters) {
    left_out_ = 0;
    for (const auto& place : places_) {
        if (place) take(second, is_known, *place, counters);
    }
    for (const Newcomer& newcomer : watch(slots, counters)) {
        std::unique_ptr<Place>* const room = newcomer.queries > 0 ? find_room(second) : nullptr;
        if (room == nullptr) {
            ++left_out_;
            continue;
        }
        // Of what it was asked before, and in what time, nothing is known, unless it never had been asked.
        const Counted before = newcomer.is_first ? Counted() : counters.counted(newcomer.slot);
        *room = std::make_unique<Place>(Place{newcomer.slot, second, before, Past(second)});
        take(second, is_known && newcomer.is_first, **room, counters);
    }
}

/// Those without a past that were asked at some time, the busiest of now first.
std::vector<HistoryPlaces::Newcomer> HistoryPlaces::watch(std::span<const Slot> slots, const CountsOfSlots& counters) {
    std::vector<Newcomer> newcomers;
    for (const Slot slot : slots) {
        if (slot >= most_slots_watched) {
            newcomers.push_back({slot, 0, false});
            continue;
        }
        const auto now = static_cast<std::uint32_t>(counters.queries(slot));
        const std::uint32_t before = std::exchange(seen_[slot], now);
        if (now == 0 || find(slot) != nullptr) continue;
        const std::uint32_t since = now - before;
        const bool went_back = since > 0x80000000;  // it was cleared
        newcomers.push_back({slot, went_back ? now : since, before == 0 || went_back});
    }
    std::stable_sort(newcomers.begin(), newcomers.end(),
                     [](const Newcomer& a, const Newcomer& b) { return a.queries > b.queries; });
    return newcomers;
}

/// A free place, or that of what was quiet for longest, if that was long enough. Null where there is none.
std::unique_ptr<HistoryPlaces::Place>* HistoryPlaces::find_room(std::int64_t second) {
    const auto asked = [](const std::unique_ptr<Place>& place) { return place ? place->asked : -Past::seconds_kept; };
    const auto quietest = std::min_element(places_.begin(), places_.end(),
                                           [&](const auto& a, const auto& b) { return asked(a) < asked(b); });
    return second - asked(*quietest) >= Past::seconds_kept ? &*quietest : nullptr;
}

void HistoryPlaces::take(std::int64_t second, bool is_known, Place& place, const CountsOfSlots& counters) {
    const Counted now = counters.counted(place.slot);
    const auto counts = now.since(place.last);
    place.last = now;
    if (counts && counts->queries > 0) place.asked = second;
    if (counts && is_known) {
        place.past.add(second, *counts);
    } else {
        place.past.pass(second);
    }
}

void HistoryPlaces::forget(Slot slot) {
    for (auto& place : places_) {
        if (place && place->slot == slot) place.reset();
    }
}

std::vector<Slot> HistoryPlaces::slots() const {
    std::vector<Slot> found;
    for (const auto& place : places_) {
        if (place) found.push_back(place->slot);
    }
    std::sort(found.begin(), found.end());
    return found;
}

const Past* HistoryPlaces::find(Slot slot) const {
    for (const auto& place : places_) {
        if (place && place->slot == slot) return &place->past;
    }
    return nullptr;
}

}  // namespace dproxy::telemetry
