// SPDX-License-Identifier: MIT
#include "http2/frame_watch.hpp"

#include <algorithm>

namespace dproxy::http2 {

using http::SessionEnd;

namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

constexpr std::uint8_t end_stream_flag = 0x01;

}  // namespace

void FrameBudget::add(std::uint64_t frames) {
    left_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(allowance_->at_once, left_ + frames));
}

bool FrameBudget::take(std::uint64_t now_ns) {
    if (added_ns_ == 0) added_ns_ = now_ns;
    const std::uint64_t step = ns_per_second / allowance_->each_second;
    if (now_ns > added_ns_) {
        const std::uint64_t frames = (now_ns - added_ns_) / step;
        add(frames);
        added_ns_ += frames * step;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
}

std::optional<FrameHeader> FrameWatch::advance(dns::Bytes& rest) {
    const std::size_t over = std::min(skipped_, rest.size());
    skipped_ -= over;
    const std::size_t count = std::min(header_length - header_length_, rest.size() - over);
    std::copy_n(rest.begin() + static_cast<std::ptrdiff_t>(over), count,
                header_.begin() + static_cast<std::ptrdiff_t>(header_length_));
    header_length_ += count;
    rest = rest.subspan(over + count);
    if (header_length_ != header_length) return std::nullopt;
    header_length_ = 0;
    FrameHeader header;
    header.length = skipped_ = std::size_t{header_[0]} << 16 | std::size_t{header_[1]} << 8 | header_[2];
    header.type = header_[3];
    header.flags = header_[4];
    for (std::size_t index = 5; index < header_length; ++index) header.stream = header.stream << 8 | header_[index];
    header.stream &= 0x7fffffff;  // the highest bit is reserved
    return header;
}

SessionEnd FrameWatch::judge(const FrameHeader& header, std::uint64_t now_ns) {
    using namespace frame_type;
    const std::size_t length = header.length;
    const auto unless = [now_ns](FrameBudget& budget, SessionEnd end) {
        return budget.take(now_ns) ? SessionEnd::not_yet : end;
    };
    switch (header.type) {
        case data:
            if (length != 0 || (header.flags & end_stream_flag) != 0) return SessionEnd::not_yet;
            return unless(empty_data_, SessionEnd::empty_frames);
        case headers:
            for (FrameBudget* budget : {&priorities_, &window_updates_, &unknown_}) budget->add_request();
            return judge_head(length, true);
        case continuation: return judge_head(length, false);
        case priority: return unless(priorities_, SessionEnd::priorities);
        case settings: return unless(settings_, SessionEnd::settings);
        case ping: return unless(pings_, SessionEnd::pings);
        case window_update: return unless(window_updates_, SessionEnd::window_updates);
        case rst_stream: return unless(resets_, SessionEnd::resets);
        default: return unless(unknown_, SessionEnd::unknown_frames);
    }
}

SessionEnd FrameWatch::judge_head(std::size_t length, bool is_first) {
    if (is_first) packed_bytes_ = continuations_ = 0;
    packed_bytes_ += length;
    if (!is_first && ++continuations_ > continuation_frames) return SessionEnd::continuations;
    return packed_bytes_ > packed_header_bytes ? SessionEnd::fields : SessionEnd::not_yet;
}

}  // namespace dproxy::http2
