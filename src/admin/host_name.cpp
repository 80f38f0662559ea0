// SPDX-License-Identifier: MIT
#include "admin/host_name.hpp"

#include <algorithm>
#include <charconv>

#include "net/address.hpp"

namespace dproxy::admin {
namespace {

constexpr std::size_t max_name_length = 253;  ///< RFC 1035 2.3.4, without the dot at the end

/// Empty, as `host:` is allowed, or a number that a port can be.
bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return text.empty() || (text.size() <= 5 && error == std::errc{} && end == text.data() + text.size() &&
                            port <= 65535);
}

bool is_name(std::string_view text) {
    const auto fits = [](char character) {
        return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character == '-' ||
               character == '_' || character == '.';
    };
    return !text.empty() && text.size() <= max_name_length && text.front() != '.' && text.back() != '.' &&
           text.find("..") == text.npos && std::all_of(text.begin(), text.end(), fits);
}

std::string lower(std::string_view text) {
    std::string small(text);
    for (char& character : small) {
        if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
    }
    return small;
}

HostVerdict judge_bracketed(std::string_view host) {
    const std::size_t close = host.find(']');
    if (close == host.npos) return HostVerdict::malformed;
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return HostVerdict::malformed;
    std::string_view address = host.substr(1, close - 1);
    address = address.substr(0, address.find('%'));  // a zone (RFC 6874 2)
    const bool is_v6 = address.find(':') != address.npos && net::Address::parse(address).has_value();
    return is_v6 ? HostVerdict::own : HostVerdict::malformed;
}

}  // namespace

HostVerdict judge_host(std::string_view host, std::span<const std::string> names) {
    if (host.starts_with('[')) return judge_bracketed(host);
    const std::size_t colon = std::min(host.find(':'), host.size());
    if (colon < host.size() && !is_port(host.substr(colon + 1))) return HostVerdict::malformed;
    std::string name = lower(host.substr(0, colon));
    if (name.ends_with('.')) name.pop_back();
    if (!is_name(name)) return HostVerdict::malformed;
    if (net::Address::parse(name)) return HostVerdict::own;
    // What a resolver would take for an address as well, such as 127.1 or 0x7f.0.0.1, is a name here, and foreign.
    const bool single_label = name.find('.') == name.npos;
    if (single_label || name.ends_with(".svc") || name.ends_with(".cluster.local")) return HostVerdict::own;
    return std::find(names.begin(), names.end(), name) != names.end() ? HostVerdict::own : HostVerdict::foreign;
}

}  // namespace dproxy::admin
