// SPDX-License-Identifier: MIT
// Streams that have ended lately, and who ended them: frames that come for one afterwards may have been on their way
// when we reset it, and are a fault where the peer itself had ended it (RFC 9113 5.1, closed).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace dproxy::http2 {

/// Positive; a client's are odd.
using StreamId = std::int32_t;

/// The last 64; who was before is forgotten.
class ClosedStreams {
public:
    enum class Known : std::uint8_t { no, reset_by_us, ended };

    void add(StreamId id, bool reset_by_us) {
        if (find(id) != Known::no) return;
        ids_[next_++ % ids_.size()] = reset_by_us ? -id : id;
    }
    Known find(StreamId id) const {
        if (std::find(ids_.begin(), ids_.end(), -id) != ids_.end()) return Known::reset_by_us;
        return std::find(ids_.begin(), ids_.end(), id) != ids_.end() ? Known::ended : Known::no;
    }

private:
    std::array<StreamId, 64> ids_{};  ///< below 0 where we reset it
    std::size_t next_ = 0;
};

}  // namespace dproxy::http2
