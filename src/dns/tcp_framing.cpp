// SPDX-License-Identifier: MIT
#include "dns/tcp_framing.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace dproxy::dns {

MutableBytes StreamFramer::space() {
    std::size_t needed = resting_capacity;
    if (unread() >= length_prefix) needed = length_prefix + read_u16(buffer_.get() + begin_);
    assert(unread() < needed);
    std::size_t capacity = resting_capacity;
    if (needed > resting_capacity)
        capacity = unread() == capacity_ ? std::min(needed, 2 * capacity_) : std::max(capacity_, resting_capacity);

    if (capacity != capacity_) {
        auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
        if (unread() != 0) std::memcpy(buffer.get(), buffer_.get() + begin_, unread());
        buffer_ = std::move(buffer);
        capacity_ = capacity;
    } else if (begin_ != 0 && unread() != 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, unread());
    }
    end_ = unread();
    begin_ = 0;
    return {buffer_.get() + end_, capacity_ - end_};
}

void StreamFramer::commit(std::size_t count) {
    assert(count <= capacity_ - end_);
    if (!failed_) end_ += count;
}

std::optional<MutableBytes> StreamFramer::next() {
    if (unread() < length_prefix) return std::nullopt;
    const std::size_t length = read_u16(buffer_.get() + begin_);
    if (length == 0) {
        failed_ = true;
        begin_ = end_;
        return std::nullopt;
    }
    if (unread() - length_prefix < length) return std::nullopt;
    const MutableBytes message(buffer_.get() + begin_ + length_prefix, length);
    begin_ += length_prefix + length;
    return message;
}

}  // namespace dproxy::dns
