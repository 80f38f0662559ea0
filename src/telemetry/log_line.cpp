// SPDX-License-Identifier: MIT
#include "telemetry/log_line.hpp"

#include <time.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <variant>

#include "telemetry/printable.hpp"

namespace dproxy::telemetry {
namespace {

constexpr std::string_view cut_mark = "...";
constexpr std::string_view hex_digits = "0123456789abcdef";

void append_number(std::string& out, auto number) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, error == std::errc{} ? end : digits);
}

void append_escaped_text(std::string& out, std::string_view bytes, const Character& character) {
    const char first = bytes.front();
    if (character.printable) {
        if (first == '"' || first == '\\') out += '\\';
        out += bytes;
    } else if (first == '\n' || first == '\t' || first == '\r') {
        out += {'\\', first == '\n' ? 'n' : first == '\t' ? 't' : 'r'};
    } else {
        out += printable(bytes);
    }
}

void append_unicode_escape(std::string& out, char32_t unit) {
    out += "\\u";
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        out += hex_digits[(unit >> shift) & 15];
    }
}

void append_escaped_json(std::string& out, std::string_view bytes, const Character& character) {
    const char first = bytes.front();
    if (character.printable) {
        if (first == '"' || first == '\\') out += '\\';
        out += bytes;
    } else if (!character.well_formed) {
        append_unicode_escape(out, 0xfffd);
    } else if (character.code < 0x10000) {
        append_unicode_escape(out, character.code);
    } else {  // a surrogate pair (RFC 8259 7)
        append_unicode_escape(out, 0xd800 + ((character.code - 0x10000) >> 10));
        append_unicode_escape(out, 0xdc00 + ((character.code - 0x10000) & 0x3ff));
    }
}

/// `text` escaped, in at most `room` bytes: cut between two characters, with a mark.
std::string escaped(std::string_view text, std::size_t room, decltype(append_escaped_text)* append) {
    std::string out;
    std::size_t fits = 0;  // how much of `out` may stay if the mark must follow
    while (!text.empty()) {
        const Character character = first_character(text);
        append(out, text.substr(0, character.length), character);
        if (out.size() > room) {
            out.resize(fits);
            return room < cut_mark.size() ? std::string() : out.append(cut_mark);
        }
        if (out.size() + cut_mark.size() <= room) fits = out.size();
        text.remove_prefix(character.length);
    }
    return out;
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) return true;
    for (const char each : text) {
        const auto byte = static_cast<unsigned char>(each);
        if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte == 0x7f) return true;
    }
    return false;
}

/// The value in at most `room` bytes; a value that is no text is taken as it is.
std::string text_value(const LogValue& value, std::size_t room) {
    return std::visit(
        [room](auto held) -> std::string {
            using Held = decltype(held);
            std::string out;
            if constexpr (std::is_same_v<Held, std::string_view>) {
                const bool quoted = needs_quotes(held) || held != printable(held);
                if (!quoted) return escaped(held, room, append_escaped_text);
                return '"' + escaped(held, room < 2 ? 0 : room - 2, append_escaped_text) + '"';
            } else if constexpr (std::is_same_v<Held, bool>) {
                out = held ? "true" : "false";
            } else {
                append_number(out, held);
            }
            return out;
        },
        value.value());
}

std::string json_value(const LogValue& value, std::size_t room) {
    if (const auto* text = std::get_if<std::string_view>(&value.value())) {
        return '"' + escaped(*text, room < 2 ? 0 : room - 2, append_escaped_json) + '"';
    }
    const auto* number = std::get_if<double>(&value.value());
    if (number && !std::isfinite(*number)) return "null";  // JSON has no word for it
    return text_value(value, room);
}

/// `2026-11-24T04:05:06.123Z`
std::string time_text(std::chrono::system_clock::time_point time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    const auto millisecond = std::chrono::floor<std::chrono::milliseconds>(time - second).count();
    const std::time_t since_epoch = std::chrono::system_clock::to_time_t(second);
    std::tm parts{};
    ::gmtime_r(&since_epoch, &parts);
    std::array<char, 32> text{};
    std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
    for (int divisor = 100; divisor > 0; divisor /= 10) {
        text[length++] = static_cast<char>('0' + millisecond / divisor % 10);
    }
    return std::string(text.data(), length) + 'Z';
}

std::string_view name_of(LogLevel level) {
    constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};
    return names[static_cast<std::size_t>(level)];
}

}  // namespace

std::string text_line(std::string_view message, std::span<const LogField> fields, std::size_t max_length) {
    std::string line = escaped(message, max_length, append_escaped_text);
    for (const LogField& field : fields) {
        const std::size_t used = line.size() + 1 + field.key.size() + 1;
        const std::string value = text_value(field.value, used < max_length ? max_length - used : 0);
        if (used + value.size() > max_length) break;
        line.append(" ").append(field.key).append("=").append(value);
    }
    return line;
}

std::string json_members(std::string_view message, std::span<const LogField> fields, std::size_t max_length) {
    constexpr std::string_view message_key = "\"message\":";
    const std::size_t message_room = max_length < message_key.size() ? 0 : max_length - message_key.size();
    std::string line = std::string(message_key).append(json_value(message, message_room));
    for (const LogField& field : fields) {
        const std::size_t used = line.size() + field.key.size() + std::string_view(",\"\":").size();
        const std::string value = json_value(field.value, used < max_length ? max_length - used : 0);
        if (used + value.size() > max_length) break;
        line.append(",\"").append(field.key).append("\":").append(value);
    }
    return line;
}

std::string whole_line(LogFormat format, const LineHead& head, std::string_view message,
                       std::span<const LogField> fields, std::size_t max_length) {
    const bool is_json = format == LogFormat::json;
    const std::string_view end = is_json ? "}\n" : "\n";
    std::string line = is_json ? "{\"time\":\"" : "";
    line.append(time_text(head.time)).append(is_json ? "\",\"level\":\"" : " ").append(name_of(head.level));
    line.append(is_json ? "\"," : " ");
    const std::size_t taken = line.size() + end.size();
    const std::size_t room = taken < max_length ? max_length - taken : 0;
    return line.append(is_json ? json_members(message, fields, room) : text_line(message, fields, room)).append(end);
}

}  // namespace dproxy::telemetry
