// SPDX-License-Identifier: MIT
// What is known of a file from one reading to the next, and whether it is worth reading now. Decides without I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "route_files/route_folder.hpp"

namespace dproxy::config {

/// A file that was modified and not closed keeps its last good routes at most this long.
inline constexpr std::chrono::milliseconds max_hold{2000};
/// Without events, a file that changes in place is taken when it stands still this long.
inline constexpr std::chrono::milliseconds hold_without_events{250};

class KnownFile {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    /// What is known of its changes since the last reading.
    struct Hints {
        bool to_be_read = false;     ///< whatever its inode, size and ctime say
        bool being_written = false;  ///< modified and not closed yet
        bool unwatched = false;      ///< a look without events: which files are being written is not known
    };

    Reading choose(const FileIdentity& identity, const Hints& hints, TimePoint now);
    /// After choose() said `held`: when to look again.
    TimePoint again_at() const { return again_at_; }
    /// What was found, unless it was not read.
    void take(const FoundFile& found);

private:
    FileIdentity identity_{};
    bool settled_ = false;  ///< the identity can be relied on
    std::optional<TimePoint> held_since_{};
    FileIdentity held_identity_{};
    TimePoint again_at_{};
};

}  // namespace dproxy::config
