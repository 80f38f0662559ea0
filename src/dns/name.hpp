// SPDX-License-Identifier: MIT
// Domain names: from text, to text, and compared. A name here is its uncompressed wire form
// (RFC 1035 3.1): length byte, label, ..., zero byte; at most 255 bytes.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "dns/message.hpp"

namespace dproxy::dns {

/// ASCII only (RFC 4343 3): bytes above 127 are left as they are.
inline std::uint8_t to_lower(std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte | 0x20) : byte;
}

/// An owned name. Value type, no allocation.
class Name {
public:
    Name() { wire_[0] = 0; }  ///< the root

    Bytes wire() const { return {wire_.data(), length_}; }
    bool is_root() const { return length_ == 1; }
    std::size_t label_count() const;  ///< without the root
    /// Presentation format without the trailing dot (`.` for the root), specials escaped as `\.` or `\DDD`.
    std::string to_text() const;

    enum class Fault : std::uint8_t {
        empty,           ///< no text at all
        empty_label,     ///< `a..b` or `.a`
        label_too_long,  ///< over 63 bytes
        name_too_long,   ///< over 255 bytes on the wire
        bad_escape,      ///< `\` at the end, `\2x`, `\999`
        not_ascii,       ///< a byte above 127: internationalised names are written as xn--
    };
    struct Parsed;
    /// `example.com`, `example.com.`, `.` (the root), `a\.b.example`, `\065.example`. Lower case in
    /// the result where `lower` is set.
    static Parsed parse(std::string_view text, bool lower);
    /// The same in place; after a fault the name is the root.
    std::optional<Fault> assign(std::string_view text, bool lower);
    /// The name that begins at `at` in a message, its compression pointers followed (RFC 1035 4.1.4; at most
    /// 127, each leads backwards, so none loops); moves `at` behind it. Nothing where it is malformed.
    static std::optional<Name> read(Bytes message, std::size_t& at);

private:
    std::optional<Fault> read_text(std::string_view text, bool lower);

    std::array<std::uint8_t, max_name_length> wire_;
    std::size_t length_ = 1;
};

struct Name::Parsed {
    Name name;
    std::optional<Fault> fault;
};

/// One sentence for people, such as "a label is longer than 63 bytes".
std::string_view describe(Name::Fault fault);

/// Presentation format of a name on the wire (uncompressed, as read by read_question).
std::string name_to_text(Bytes wire);
/// The same, behind what stands in `text`.
void append_name_text(std::string& text, Bytes wire);

/// Two uncompressed names or questions, without regard to ASCII case. Length bytes are below 64 and
/// type and class bytes must be compared apart, so this is for the name part only.
bool equal_ignoring_case(Bytes a, Bytes b);
/// Whether `name` is `domain` or below it. Both on the wire, without regard to ASCII case.
bool is_within(Bytes name, Bytes domain) noexcept;

}  // namespace dproxy::dns
