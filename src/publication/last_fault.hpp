// SPDX-License-Identifier: MIT
// Why an upstream could not be spoken to encrypted, the last time that it could not.
// Held by tests/unit/publication/upstream_health_test.cpp.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace dproxy::proxy {

/// Any thread. Locked, as it is rare, and nothing of the data path reads it.
class LastFault {
public:
    struct Told {
        std::string reason{};      ///< for people; empty: there never was one
        std::uint64_t when_ns = 0;  ///< of the monotonic clock
    };

    void tell(std::string reason, std::uint64_t now_ns) {
        const std::lock_guard lock(mutex_);
        told_ = {std::move(reason), now_ns};
    }
    Told last() const {
        const std::lock_guard lock(mutex_);
        return told_;
    }

private:
    mutable std::mutex mutex_;
    Told told_;
};

}  // namespace dproxy::proxy
