// SPDX-License-Identifier: MIT
#include "telemetry/slot_book.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::telemetry {

SlotBook::SlotBook(Slot first, std::size_t limit)
    : limit_(std::min(limit, max_limit)), next_unused_(first), end_(first + 2 * limit_) {}

SlotBook::Assignment SlotBook::assign(std::span<const std::string_view> labels, TimePoint now) {
    ++round_;
    Assignment assignment;
    assignment.slots.assign(labels.size(), other_slot);
    for (const std::string_view label : labels) {
        if (const auto holder = holders_.find(label); holder != holders_.end()) holder->second.seen = round_;
    }
    retire_unseen(now);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (const auto holder = holders_.find(labels[i]); holder != holders_.end()) {
            assignment.slots[i] = holder->second.slot;
        } else if (holders_.size() < limit_) {
            const Slot slot = take(labels[i], now, assignment);
            if (slot != other_slot) holders_.emplace(labels[i], Holder{slot, round_});
            assignment.slots[i] = slot;
        }
    }
    return assignment;
}

SlotBook::Assignment SlotBook::assign(const ManyLabels& labels, TimePoint now) {
    ++round_;
    Assignment assignment;
    assignment.slots.assign(labels.count, other_slot);
    for (auto& [label, holder] : holders_) {
        const std::size_t place = labels.place_of(label);
        if (place == ManyLabels::nowhere) continue;
        holder.seen = round_;
        assignment.slots[place] = holder.slot;
    }
    retire_unseen(now);
    give_new_slots(labels, now, assignment);
    return assignment;
}

void SlotBook::give_new_slots(const ManyLabels& labels, TimePoint now, Assignment& assignment) {
    for (std::size_t place = 0; place < labels.count && holders_.size() < limit_; ++place) {
        if (assignment.slots[place] != other_slot) continue;
        if (!has_free_slot(now)) return give_back_resting(labels, assignment);
        std::string label = labels.label_at(place);
        const Slot slot = take(label, now, assignment);
        assignment.slots[place] = slot;
        holders_.emplace(std::move(label), Holder{slot, round_});
    }
}

/// With no slot free for others, only labels whose own one rests can have one.
void SlotBook::give_back_resting(const ManyLabels& labels, Assignment& assignment) {
    std::vector<std::pair<std::size_t, std::size_t>> returning;  // where the label stands, where its slot rests
    for (std::size_t at = 0; at < resting_.size(); ++at) {
        const std::size_t place = labels.place_of(resting_[at].label);
        if (place != ManyLabels::nowhere && assignment.slots[place] == other_slot) returning.emplace_back(place, at);
    }
    std::sort(returning.begin(), returning.end());
    returning.resize(std::min(returning.size(), limit_ - holders_.size()));
    for (const auto& [place, at] : returning) {
        Resting& resting = resting_[at];
        assignment.slots[place] = resting.slot;
        holders_.emplace(std::move(resting.label), Holder{resting.slot, round_});
        resting.slot = other_slot;
    }
    std::erase_if(resting_, [](const Resting& resting) { return resting.slot == other_slot; });
}

bool SlotBook::has_free_slot(TimePoint now) const {
    return next_unused_ < end_ || (!resting_.empty() && now - resting_.front().since >= rest);
}

void SlotBook::retire_unseen(TimePoint now) {
    for (auto holder = holders_.begin(); holder != holders_.end();) {
        if (holder->second.seen == round_) {
            ++holder;
            continue;
        }
        resting_.push_back({holder->first, holder->second.slot, now});
        holder = holders_.erase(holder);
    }
}

Slot SlotBook::take(std::string_view label, TimePoint now, Assignment& assignment) {
    const auto own = std::find_if(resting_.begin(), resting_.end(),
                                  [label](const Resting& resting) { return resting.label == label; });
    if (own != resting_.end()) {
        const Slot slot = own->slot;
        resting_.erase(own);
        return slot;
    }
    if (!resting_.empty() && now - resting_.front().since >= rest) {
        const Slot slot = resting_.front().slot;
        resting_.pop_front();
        assignment.to_clear.push_back(slot);
        return slot;
    }
    return next_unused_ < end_ ? static_cast<Slot>(next_unused_++) : other_slot;
}

}  // namespace dproxy::telemetry
