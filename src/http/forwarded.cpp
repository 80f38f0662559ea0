// SPDX-License-Identifier: MIT
#include "http/forwarded.hpp"

#include <algorithm>
#include <optional>

#include "http/limits.hpp"

namespace dproxy::http {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// Whether the quotation mark at `at` is one of a quoted text (`\"`), and no end of it.
bool is_escaped(std::string_view text, std::size_t at) {
    const std::size_t before = text.substr(0, at).find_last_not_of('\\');
    return (at - (before == text.npos ? 0 : before + 1)) % 2 == 1;
}

/// Takes the last element of a list away, without the comma before it. Read from the right, so that what a trusted
/// proxy appended stands for itself, whatever the client had written before it: half a pair of quotation marks, say.
std::string_view take_last_element(std::string_view& list) {
    bool quoted = false;
    std::size_t at = list.size();
    while (at != 0) {
        --at;
        if (list[at] == '"' && !(quoted && is_escaped(list, at))) quoted = !quoted;
        if (list[at] != ',' || quoted) continue;
        const std::string_view element = list.substr(at + 1);
        list = list.substr(0, at);
        return trimmed(element);
    }
    const std::string_view element = list;
    list = {};
    return trimmed(element);
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. A zone means nothing here.
std::optional<net::Address> address_of(std::string_view text) {
    const auto endpoint = net::Endpoint::parse(text, 0);
    if (!endpoint || endpoint->address.zone[0] != '\0') return std::nullopt;
    return endpoint->address;
}

/// The node of RFC 7239 6: as above, IPv6 in brackets always; its port may be obfuscated (`:_x`).
std::optional<net::Address> address_of_node(std::string_view node) {
    const std::size_t port = node.rfind(":_");
    if (port != node.npos) node = node.substr(0, port);
    if (!node.starts_with('[') && std::count(node.begin(), node.end(), ':') > 1) return std::nullopt;
    return address_of(node);
}

/// What a quoted text says; nothing where its end is missing, or something stands behind it.
std::optional<std::string> unquoted(std::string_view text) {
    std::string said;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1 == text.size() ? std::optional(said) : std::nullopt;
        if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
        said += text[at];
    }
    return std::nullopt;
}

/// Takes the first `name=value` of an element away, with the semicolon behind it.
std::string_view take_pair(std::string_view& element) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < element.size() && (quoted || element[at] != ';'); ++at) {
        if (quoted && element[at] == '\\') ++at;
        else if (element[at] == '"') quoted = !quoted;
    }
    at = std::min(at, element.size());
    const std::string_view pair = element.substr(0, at);
    element.remove_prefix(std::min(at + 1, element.size()));
    return trimmed(pair);
}

/// `for=192.0.2.1;proto=https;by=_x`. Nothing where there is no `for`, or two.
std::optional<net::Address> address_of_element(std::string_view element) {
    std::optional<net::Address> found;
    bool has_for = false;
    while (!element.empty()) {
        const std::string_view pair = take_pair(element);
        const std::size_t equals = pair.find('=');
        if (equals == pair.npos || !is_same_word(pair.substr(0, equals), "for")) continue;
        if (has_for) return std::nullopt;
        has_for = true;
        const std::string_view value = pair.substr(equals + 1);
        const auto said = value.starts_with('"') ? unquoted(value) : std::string(value);
        if (said) found = address_of_node(*said);
    }
    return found;
}

/// Follows the hops of one field from the right. `peer` is trusted.
template <class Read>
net::Address follow(const net::Address& peer, const net::NetworkList& trusted, const std::vector<std::string>& values,
                    Read read) {
    net::Address nearest = peer;
    std::size_t hops = 0;
    for (auto value = values.rbegin(); value != values.rend(); ++value) {
        for (std::string_view rest = *value; !rest.empty();) {
            const std::string_view element = take_last_element(rest);
            if (++hops > forwarded_hops) return nearest;
            if (element.empty()) continue;  // RFC 9110 5.6.1.2
            const auto address = read(element);
            if (!address) return nearest;
            nearest = *address;
            if (!trusted.contains(nearest)) return nearest;
        }
    }
    return nearest;
}

}  // namespace

void ForwardingFields::take(std::string_view name, std::string_view value) {
    if (name == "forwarded") forwarded.emplace_back(value);
    if (name == "x-forwarded-for") x_forwarded_for.emplace_back(value);
}

ForwardedClient forwarded_client(const net::Address& peer, const net::NetworkList& trusted,
                                 const ForwardingFields& fields) {
    if (!trusted.contains(peer)) return {peer, false};
    const auto by_standard = follow(peer, trusted, fields.forwarded, address_of_element);
    const auto by_custom = follow(peer, trusted, fields.x_forwarded_for, address_of);
    if (fields.forwarded.empty()) return {by_custom, false};
    if (fields.x_forwarded_for.empty() || by_custom == by_standard) return {by_standard, false};
    return {peer, true};
}

}  // namespace dproxy::http
