// SPDX-License-Identifier: MIT
// Looks at the frames that a peer sends (RFC 9113 4.1), before anything is made of them: which are too many for what
// they carry. Knows headers of frames only, and skips what they frame.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dns/message.hpp"
#include "http/server_session.hpp"
#include "http2/limits.hpp"

namespace dproxy::http2 {

/// Frames of one kind: those that are left to use up, and when some were added last.
class FrameBudget {
public:
    explicit FrameBudget(const Allowance& allowance) : allowance_(&allowance), left_(allowance.at_once) {}

    /// False when there is none left.
    bool take(std::uint64_t now_ns);
    void add_request() { add(allowance_->each_request); }

private:
    void add(std::uint64_t frames);

    const Allowance* allowance_;
    std::uint32_t left_;
    std::uint64_t added_ns_ = 0;
};

/// RFC 9113 6.
namespace frame_type {
inline constexpr std::uint8_t data = 0, headers = 1, priority = 2, rst_stream = 3, settings = 4, ping = 6,
                              window_update = 8, continuation = 9;
}

struct FrameHeader {
    std::size_t length = 0;  ///< of what follows it
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::int32_t stream = 0;
};

/// One connection, one thread.
class FrameWatch {
public:
    /// `skipped`: bytes of a preface that come before the first frame.
    explicit FrameWatch(std::size_t skipped) : skipped_(skipped) {}

    /// Takes bytes, as they come in any pieces, up to the end of the next header, or all where none ends in them.
    std::optional<FrameHeader> advance(dns::Bytes& rest);
    /// To be asked about each header. Tells the limit that it passes.
    http::SessionEnd judge(const FrameHeader& header, std::uint64_t now_ns);
    /// A stream was reset by us, because of what the peer did. False when those are too many, with the peer's own.
    bool take_reset(std::uint64_t now_ns) { return resets_.take(now_ns); }
    /// The header of a frame, or what it says is still to come, has begun.
    bool is_within_frame() const { return skipped_ != 0 || header_length_ != 0; }

private:
    static constexpr std::size_t header_length = 9;

    http::SessionEnd judge_head(std::size_t length, bool is_first);

    std::size_t skipped_;  ///< bytes until the next header
    std::array<std::uint8_t, header_length> header_{};
    std::size_t header_length_ = 0;
    std::size_t packed_bytes_ = 0;      ///< of the head that comes
    std::uint32_t continuations_ = 0;   ///< of the same
    FrameBudget resets_{reset_allowance};
    FrameBudget settings_{settings_allowance};
    FrameBudget pings_{ping_allowance};
    FrameBudget priorities_{priority_allowance};
    FrameBudget window_updates_{window_update_allowance};
    FrameBudget empty_data_{empty_data_allowance};
    FrameBudget unknown_{unknown_allowance};
};

}  // namespace dproxy::http2
