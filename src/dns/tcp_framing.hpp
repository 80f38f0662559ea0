// SPDX-License-Identifier: MIT
// Messages in a TCP stream: each with its length in two bytes before it (RFC 1035 4.2.2, RFC 7766 8).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dns/message.hpp"

namespace dproxy::dns {

/// Cuts a received stream into messages. The owner reads from its socket into space(), tells commit()
/// how much came, and takes messages from next() until there is none:
///
///     const auto n = read(socket, framer.space());
///     framer.commit(n);
///     while (auto message = framer.next()) handle(*message);
///     if (framer.failed()) close(socket);
///
/// A message is handed out where it was received. Only the unfinished rest of the stream is ever moved,
/// once, to the front of the buffer. One connection, one thread.
class StreamFramer {
public:
    static constexpr std::size_t length_prefix = 2;
    /// Held while the messages are small; nothing is held before the first space().
    static constexpr std::size_t resting_capacity = 2048;
    /// The buffer grows by doubling, as bytes come, and no further than the message being read needs.
    static constexpr std::size_t max_capacity = length_prefix + max_message_length;

    /// Where to receive to: never empty. To be called when next() has returned nothing; what it returned
    /// before is no longer valid then.
    MutableBytes space();
    /// `count` bytes were written to the start of space().
    void commit(std::size_t count);
    /// The next whole message, without its length; valid until space() is called.
    std::optional<MutableBytes> next();
    /// The peer announced a message of length 0, which is none: the stream cannot be trusted any more,
    /// and next() returns nothing from here on.
    bool failed() const { return failed_; }
    /// Bytes of a message have come, or of its length, that next() did not return.
    bool has_unread() const { return begin_ != end_; }
    std::size_t capacity() const { return capacity_; }

private:
    std::size_t unread() const { return end_ - begin_; }

    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // first byte that next() did not return
    std::size_t end_ = 0;    // first byte that was not received yet
    bool failed_ = false;
};

}  // namespace dproxy::dns
