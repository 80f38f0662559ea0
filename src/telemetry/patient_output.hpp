// SPDX-License-Identifier: MIT
// Lines to a descriptor whose reader may take none: it is waited for no longer than a moment. Several threads write
// whole lines, none into the midst of another's.
// Held by tests/unit/telemetry/log_test.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string_view>

namespace dproxy::telemetry {

/// Any thread.
class PatientOutput {
public:
    /// `patience`: how long a reader that takes nothing is waited for; from then on, until it takes something again,
    /// not at all. The descriptor stays the caller's.
    PatientOutput(int descriptor, std::chrono::milliseconds patience) : descriptor_(descriptor), patience_(patience) {}

    /// One or more lines, each with its end. Returns how many of their bytes were written: fewer than all where the
    /// reader takes no more, or the disk is full.
    std::size_t write(std::string_view lines);

private:
    std::size_t write_some(std::string_view text);

    const int descriptor_;
    const std::chrono::milliseconds patience_;
    std::mutex mutex_;
    bool stuck_ = false;  ///< the last write failed: no more waiting until one succeeds
    bool torn_ = false;   ///< the last line that was begun has no end
};

}  // namespace dproxy::telemetry
