// SPDX-License-Identifier: MIT
// Held by tests/unit/telemetry/log_test.cpp.
#include "telemetry/patient_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace dproxy::telemetry {

std::size_t PatientOutput::write(std::string_view lines) {
    const std::lock_guard lock(mutex_);
    if (torn_) {
        const std::string whole = std::string("\n").append(lines);
        const std::size_t written = write_some(whole);
        return written == 0 ? 0 : written - 1;
    }
    return write_some(lines);
}

/// At most PIPE_BUF bytes at a time, which a pipe that is ready takes without blocking (pipe(7)).
std::size_t PatientOutput::write_some(std::string_view text) {
    const std::string_view whole = text;
    while (!text.empty()) {
        pollfd ready{descriptor_, POLLOUT, 0};
        const int polled = ::poll(&ready, 1, stuck_ ? 0 : static_cast<int>(patience_.count()));
        if (polled < 0 && errno == EINTR) continue;
        const ssize_t written =
            polled == 1 ? ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF)) : -1;
        if (polled == 1 && written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    const std::size_t written = whole.size() - text.size();
    stuck_ = !text.empty();
    if (written != 0) torn_ = whole[written - 1] != '\n';
    return written;
}

}  // namespace dproxy::telemetry
