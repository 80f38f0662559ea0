// SPDX-License-Identifier: MIT
#include "telemetry/heartbeats.hpp"

namespace dproxy::telemetry {

std::vector<std::chrono::nanoseconds> Heartbeats::stillness(const std::vector<std::uint64_t>& turns, TimePoint now) {
    if (seen_.size() != turns.size()) seen_.assign(turns.size(), Seen{0, now});
    std::vector<std::chrono::nanoseconds> result(turns.size());
    for (std::size_t i = 0; i < turns.size(); ++i) {
        if (seen_[i].turns != turns[i]) seen_[i] = {turns[i], now};
        result[i] = now - seen_[i].since;
    }
    return result;
}

}  // namespace dproxy::telemetry
