// SPDX-License-Identifier: MIT
#include "dns/name.hpp"

#include <algorithm>
#include <cstring>

namespace dproxy::dns {
namespace {

/// Followed in one name: as many as a name has labels. More pointers lead to pointers, and thousands of them fit into
/// a message of somebody who wants to keep its reader busy.
constexpr unsigned max_pointers = 127;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The byte that an escape at text[at] (after the backslash) stands for; moves `at` behind it. -1: a bad one.
int read_escape(std::string_view text, std::size_t& at) {
    if (at >= text.size()) return -1;
    if (!is_digit(text[at])) return static_cast<std::uint8_t>(text[at++]);
    if (at + 3 > text.size() || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) return -1;
    const int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
    at += 3;
    return value <= 255 ? value : -1;
}

constexpr std::string_view specials = ".\\\"();@$";

/// The bytes that presentation format writes as they are.
constexpr auto plain = [] {
    std::array<bool, 256> bytes{};
    for (std::size_t byte = ' ' + 1; byte < 127; ++byte)
        bytes[byte] = specials.find(static_cast<char>(byte)) == std::string_view::npos;
    return bytes;
}();

void append_byte(std::string& text, std::uint8_t byte) {
    if (byte <= ' ' || byte >= 127) {
        text += '\\';
        text += static_cast<char>('0' + byte / 100);
        text += static_cast<char>('0' + byte / 10 % 10);
        text += static_cast<char>('0' + byte % 10);
        return;
    }
    if (!plain[byte]) text += '\\';
    text += static_cast<char>(byte);
}

}  // namespace

std::size_t Name::label_count() const {
    std::size_t count = 0;
    for (std::size_t at = 0; wire_[at] != 0; at += std::size_t{wire_[at]} + 1) ++count;
    return count;
}

std::string Name::to_text() const { return name_to_text(wire()); }

Name::Parsed Name::parse(std::string_view text, bool lower) {
    Parsed parsed;
    parsed.fault = parsed.name.assign(text, lower);
    return parsed;
}

std::optional<Name::Fault> Name::assign(std::string_view text, bool lower) {
    const auto fault = read_text(text, lower);
    if (fault) *this = {};
    return fault;
}

std::optional<Name::Fault> Name::read_text(std::string_view text, bool lower) {
    if (text.empty()) return Fault::empty;
    wire_[0] = 0;
    length_ = 1;
    if (text == ".") return std::nullopt;

    std::size_t label = 0;  // where the length byte of the label being read stands
    std::size_t end = 1;    // where its next byte goes
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at++];
        if (c == '.') {
            if (end == label + 1) return Fault::empty_label;
            wire_[label] = static_cast<std::uint8_t>(end - label - 1);
            label = end++;
            // The root label's byte needs room as well: this is it where the text ends here.
            if (end > max_name_length) return Fault::name_too_long;
            continue;
        }
        int byte = static_cast<std::uint8_t>(c);
        if (c == '\\') {
            if (at < text.size() && static_cast<std::uint8_t>(text[at]) > 127) return Fault::not_ascii;
            byte = read_escape(text, at);
            if (byte < 0) return Fault::bad_escape;
        } else if (byte > 127) {
            return Fault::not_ascii;
        }
        if (end - label > max_label_length) return Fault::label_too_long;
        if (end >= max_name_length) return Fault::name_too_long;
        wire_[end++] = lower ? to_lower(static_cast<std::uint8_t>(byte)) : static_cast<std::uint8_t>(byte);
    }
    if (end > label + 1) {  // no trailing dot
        wire_[label] = static_cast<std::uint8_t>(end - label - 1);
        label = end++;
        if (end > max_name_length) return Fault::name_too_long;
    }
    wire_[label] = 0;
    length_ = end;
    return std::nullopt;
}

std::optional<Name> Name::read(Bytes message, std::size_t& at) {
    Name name;
    std::size_t length = 0;
    std::size_t from = at;      // where the next label is read
    std::size_t earliest = at;  // where the labels read begin: a pointer must lead to before it
    unsigned pointers = 0;
    while (from < message.size()) {
        const std::size_t label = message[from];
        if (label >= 0xc0) {
            if (from + 2 > message.size()) return std::nullopt;
            if (++pointers > max_pointers) return std::nullopt;
            if (pointers == 1) at = from + 2;
            from = read_u16(message.data() + from) & 0x3fffu;
            if (from >= earliest) return std::nullopt;
            earliest = from;
            continue;
        }
        const std::size_t end = from + label + 1;
        if (label > max_label_length || end > message.size()) return std::nullopt;
        if (length + label + 1 + (label != 0) > max_name_length) return std::nullopt;
        std::memcpy(name.wire_.data() + length, message.data() + from, label + 1);
        length += label + 1;
        from = end;
        if (label == 0) {
            name.length_ = length;
            if (pointers == 0) at = from;
            return name;
        }
    }
    return std::nullopt;
}

std::string_view describe(Name::Fault fault) {
    switch (fault) {
        case Name::Fault::empty: return "the name is empty";
        case Name::Fault::empty_label: return "a label is empty (two dots in a row, or a dot at the start)";
        case Name::Fault::label_too_long: return "a label is longer than 63 bytes";
        case Name::Fault::name_too_long: return "the name is longer than 255 bytes";
        case Name::Fault::bad_escape: return "a backslash must be followed by a character or by three digits up to 255";
        case Name::Fault::not_ascii: return "the name is not ASCII: write an internationalised name in its xn-- form";
    }
    return "the name is not valid";
}

std::string name_to_text(Bytes wire) {
    std::string text;
    append_name_text(text, wire);
    return text;
}

void append_name_text(std::string& text, Bytes wire) {
    const std::size_t begin = text.size();
    for (std::size_t at = 0; at < wire.size() && wire[at] != 0;) {
        const std::size_t length = wire[at];
        if (length > wire.size() - at - 1) break;
        if (at != 0) text += '.';
        const Bytes label = wire.subspan(at + 1, length);
        if (std::all_of(label.begin(), label.end(), [](std::uint8_t byte) { return plain[byte]; })) {
            text.append(reinterpret_cast<const char*>(label.data()), label.size());
        } else {
            for (const auto byte : label) append_byte(text, byte);
        }
        at += length + 1;
    }
    if (text.size() == begin) text += '.';
}

bool equal_ignoring_case(Bytes a, Bytes b) {
    if (a.size() != b.size()) return false;
    if (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0) return true;
    for (std::size_t at = 0; at < a.size(); ++at)
        if (to_lower(a[at]) != to_lower(b[at])) return false;
    return true;
}

bool is_within(Bytes name, Bytes domain) noexcept {
    std::size_t at = 0;
    while (at < name.size() && name.size() - at > domain.size()) at += std::size_t{name[at]} + 1;
    return at < name.size() && equal_ignoring_case(name.subspan(at), domain);
}

}  // namespace dproxy::dns
