// SPDX-License-Identifier: MIT
// Held by tests/unit/route_files/route_store_hold_test.cpp and tests/unit/route_files/route_store_test.cpp.
#include "route_files/known_file.hpp"

#include <algorithm>

namespace dproxy::config {

Reading KnownFile::choose(const FileIdentity& identity, const Hints& hints, TimePoint now) {
    const bool untouched = !hints.to_be_read && !hints.being_written && !held_since_;
    if (untouched && settled_ && identity_ == identity) return Reading::same;

    // Another inode came by rename or was created anew: only what changes in place may be half written.
    const bool moves_unseen = hints.unwatched && identity_.inode == identity.inode && identity_ != identity &&
                              held_identity_ != identity;
    if (!hints.being_written && !moves_unseen) {
        held_since_.reset();
        return Reading::read;
    }
    if (!held_since_) held_since_ = now;
    held_identity_ = identity;
    const TimePoint end = *held_since_ + max_hold;
    if (now >= end) return Reading::read;
    again_at_ = hints.being_written ? end : std::min(end, now + hold_without_events);
    return Reading::held;
}

void KnownFile::take(const FoundFile& found) {
    identity_ = found.identity;
    settled_ = found.settled && found.state == FoundFile::State::read;
}

}  // namespace dproxy::config
