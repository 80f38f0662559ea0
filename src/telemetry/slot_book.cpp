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
