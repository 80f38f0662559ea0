// SPDX-License-Identifier: MIT
// What a section says of the encryption towards its upstreams.
// Held by tests/unit/routing/route_settings_test.cpp.
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::routing {

/// A file beside a route file, as it was read. Equal ones have the same name and the same text.
struct TextBeside {
    std::string name{};                         ///< empty: none
    std::shared_ptr<const std::string> text{};  ///< null where there is none
    std::string digest{};                       ///< of the text, made when it was read: it may be long

    bool is_given() const { return !name.empty(); }
    std::string_view view() const { return text ? std::string_view(*text) : std::string_view(); }

    std::strong_ordering operator<=>(const TextBeside& other) const {
        if (const auto names = name <=> other.name; names != 0) return names;
        if (text == other.text) return std::strong_ordering::equal;
        return view() <=> other.view();
    }
    bool operator==(const TextBeside& other) const { return (*this <=> other) == 0; }
};

struct TlsSettings {
    bool verify = true;
    std::string name{};             ///< empty: the host as it is written, or the address
    TextBeside authorities{};       ///< none: the system's
    std::vector<std::string> pins{};  ///< `sha256/BASE64`, in order, each once
    TextBeside certificate{};       ///< what is shown to an upstream that asks for one
    TextBeside key{};               ///< of it

    auto operator<=>(const TlsSettings&) const = default;
    bool operator==(const TlsSettings&) const = default;
};

}  // namespace dproxy::routing
