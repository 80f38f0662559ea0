// SPDX-License-Identifier: MIT
#include "settings/http_keys.hpp"

#include "ini/typed_values.hpp"
#include "settings/setting_words.hpp"

namespace dproxy::config {

std::string listen_http(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    if (equal_words(value, "off")) {
        settings.http.listen.clear();
        return {};
    }
    return take(parse_listen(value, http_port, capabilities.interface_exists), settings.http.listen);
}

std::string https_path(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_https_path(value), settings.http.path);
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
