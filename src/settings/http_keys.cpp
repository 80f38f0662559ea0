// SPDX-License-Identifier: MIT
#include "settings/http_keys.hpp"

#include <algorithm>

#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "settings/setting_words.hpp"

namespace dproxy::config {

namespace {

/// Of a path as it stands in a request (RFC 3986 3.3), without percent-encoding, which would have two ways of saying
/// the same.
bool is_path_character(char c) {
    constexpr std::string_view others = "/-._~!$&'()*+,;=:@";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
}

}  // namespace

std::string listen_http(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    if (equal_words(value, "off")) {
        settings.http.listen.clear();
        return {};
    }
    return take(parse_listen(value, http_port, capabilities.interface_exists), settings.http.listen);
}

std::string https_path(std::string_view value, const SettingCapabilities&, Settings& settings) {
    const bool is_good = value.starts_with('/') && value.size() <= max_https_path_bytes &&
                         std::all_of(value.begin(), value.end(), is_path_character);
    if (!is_good) {
        return excerpt(value) + " was found; expected a path of 1 to " + std::to_string(max_https_path_bytes) +
               " bytes that begins with `/`, without `?`, `#` and `%`, such as `/dns-query`";
    }
    settings.http.path = value;
    return {};
}

std::string trusted_proxies(std::string_view value, const SettingCapabilities&, Settings& settings) {
    if (equal_words(value, "none")) {
        settings.http.trusted_proxies = {};
        return {};
    }
    auto fault = take(parse_networks(value), settings.http.trusted_proxies);
    return fault.empty() ? fault : fault + ", or `none`";
}

}  // namespace dproxy::config
