// SPDX-License-Identifier: MIT
// Frames of HTTP/2 for tests, byte for byte (RFC 9113 4.1); they know nothing of the code under test, and write wrong
// ones as gladly as right ones. Fields are packed as literals (RFC 7541 6.2.2).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/packets.hpp"

namespace dproxy::test {

namespace frame_type {
inline constexpr std::uint8_t data = 0, headers = 1, priority = 2, rst_stream = 3, settings = 4, push_promise = 5,
                              ping = 6, goaway = 7, window_update = 8, continuation = 9;
}
inline constexpr std::uint8_t end_stream = 1, ack = 1, end_headers = 4;

inline Octets octets(std::string_view text) { return Octets(text.begin(), text.end()); }

inline Octets frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, const Octets& payload = {}) {
    Octets bytes = u32(static_cast<std::uint32_t>(payload.size()) << 8 | type);
    bytes.push_back(flags);
    bytes += u32(stream);
    return bytes += payload;
}

/// A length of RFC 7541 5.1 with a prefix of 7 bits.
inline Octets packed_length(std::size_t length) {
    if (length < 127) return {static_cast<std::uint8_t>(length)};
    Octets bytes = {127};
    for (length -= 127; length >= 128; length /= 128) bytes.push_back(static_cast<std::uint8_t>(length % 128 + 128));
    bytes.push_back(static_cast<std::uint8_t>(length));
    return bytes;
}

/// 0x00: not to be remembered; 0x40: to be put into the table.
inline Octets field(std::string_view name, std::string_view value, std::uint8_t how = 0) {
    Octets bytes = {how};
    bytes += packed_length(name.size());
    bytes += octets(name);
    bytes += packed_length(value.size());
    return bytes += octets(value);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

inline Octets packed(const Fields& fields) {
    Octets bytes;
    for (const auto& [name, value] : fields) bytes += field(name, value);
    return bytes;
}

inline Octets headers(std::uint32_t stream, std::uint8_t flags, const Fields& fields) {
    return frame(frame_type::headers, flags | end_headers, stream, packed(fields));
}

inline Octets setting(unsigned id, std::uint32_t value) { return u16(id) + u32(value); }

/// How a client begins.
inline Octets client_beginning(const Octets& settings = {}) {
    return octets("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + frame(frame_type::settings, 0, 0, settings);
}
inline Octets server_beginning(const Octets& settings = {}) { return frame(frame_type::settings, 0, 0, settings); }

inline const Fields get_fields = {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.test"},
                                  {":path", "/dns-query?dns=AAAAAAAAAAAAAAAA"}};
inline const Fields post_fields = {{":method", "POST"}, {":scheme", "https"}, {":authority", "a.test"},
                                   {":path", "/dns-query"}, {"content-type", "application/dns-message"}};
inline Octets get(std::uint32_t stream) { return headers(stream, end_stream, get_fields); }

struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    Octets payload;

    std::uint32_t number(std::size_t at = 0) const {
        std::uint32_t value = 0;
        for (std::size_t index = at; index < at + 4 && index < payload.size(); ++index)
            value = value << 8 | payload[index];
        return value;
    }
};

/// What was written, cut into frames; what is not whole is left out.
inline std::vector<Frame> frames_of(const std::vector<std::uint8_t>& bytes, std::size_t at = 0) {
    std::vector<Frame> frames;
    while (bytes.size() - at >= 9) {
        const std::size_t length = std::size_t{bytes[at]} << 16 | std::size_t{bytes[at + 1]} << 8 | bytes[at + 2];
        if (bytes.size() - at - 9 < length) break;
        Frame found{bytes[at + 3], bytes[at + 4], 0, {}};
        for (std::size_t index = at + 5; index < at + 9; ++index) found.stream = found.stream << 8 | bytes[index];
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at + 9);
        found.payload.assign(from, from + static_cast<std::ptrdiff_t>(length));
        frames.push_back(found);
        at += 9 + length;
    }
    return frames;
}

/// The error of the last frame of a type (RST_STREAM, GOAWAY) in what was written; -1 where there is none.
inline long error_of(const std::vector<std::uint8_t>& bytes, std::uint8_t type, std::size_t at = 0) {
    long error = -1;
    for (const Frame& one : frames_of(bytes, at))
        if (one.type == type) error = one.number(type == frame_type::goaway ? 4 : 0);
    return error;
}

}  // namespace dproxy::test
