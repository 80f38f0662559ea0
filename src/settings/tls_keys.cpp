// SPDX-License-Identifier: MIT
#include "settings/tls_keys.hpp"

#include <array>

#include "dns/name.hpp"
#include "ini/counted.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "settings/setting_words.hpp"

namespace dproxy::config {

namespace {

std::string listen_encrypted(std::string_view value, std::uint16_t default_port,
                             const SettingCapabilities& capabilities, std::vector<net::Endpoint>& listen) {
    if (equal_words(value, "off")) {
        listen.clear();
        return {};
    }
    if (!capabilities.tls) return excerpt(value) + " was found, but this build has no TLS; expected `off`";
    return take(parse_listen(value, default_port, capabilities.interface_exists), listen);
}

}  // namespace

std::string listen_tls(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    return listen_encrypted(value, tls_port, capabilities, settings.tls.listen);
}

std::string listen_https(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    return listen_encrypted(value, https_port, capabilities, settings.tls.listen_https);
}

std::string tls_cert(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_paths(value, "files", max_certificate_files), settings.tls.certificates);
}

std::string tls_key(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_paths(value, "files", max_certificate_files), settings.tls.keys);
}

std::string tls_client_ca(std::string_view value, const SettingCapabilities&, Settings& settings) {
    settings.tls.client_authorities = value;
    return value.empty() ? "nothing was found; expected a file of certificates" : "";
}

std::string tls_min(std::string_view value, const SettingCapabilities&, Settings& settings) {
    constexpr std::array versions{Choice<TlsVersion>{"1.2", TlsVersion::tls12},
                                  Choice<TlsVersion>{"1.3", TlsVersion::tls13}};
    return take(parse_choice(value, versions), settings.tls.least);
}

std::string tls_ticket_keys(std::string_view value, const SettingCapabilities&, Settings& settings) {
    return take(parse_paths(value, "files", max_ticket_key_files), settings.tls.ticket_keys);
}

std::string ddr_name(std::string_view value, const SettingCapabilities&, Settings& settings) {
    TlsSettings& tls = settings.tls;
    tls.told_name.reset();
    tls.told_dot_port = tls.told_https_port = 0;
    if (equal_words(value, "off")) return {};
    const auto words = split_list(value);
    const auto name = words.empty() ? dns::Name::Parsed{{}, dns::Name::Fault::empty} : dns::Name::parse(words[0], true);
    if (name.fault || name.name.is_root() || words.size() > 3) {
        return excerpt(value) + " was found; expected a name, such as `dns.example.net`, or `off`";
    }
    for (std::size_t index = 1; index < words.size(); ++index) {
        constexpr std::string_view dot = "dot=", https = "https=";
        const bool is_dot = words[index].starts_with(dot);
        if (!is_dot && !words[index].starts_with(https)) {
            return excerpt(words[index]) + " was found behind the name; expected the port of DNS over TLS or over " +
                   "HTTPS as clients see it, such as `dot=853` or `https=443`";
        }
        const auto number = words[index].substr(is_dot ? dot.size() : https.size());
        auto fault = take(parse_number(number, 1, UINT16_MAX), is_dot ? tls.told_dot_port : tls.told_https_port);
        if (!fault.empty()) return fault;
    }
    tls.told_name = name.name;
    return {};
}

Discord discord_of(const TlsSettings& settings) {
    if (settings.certificates.empty()) {
        constexpr std::string_view needs = "` needs a certificate; expected `tls_cert` and `tls_key`";
        if (!settings.listen.empty()) return {"listen_tls", "`listen_tls" + std::string(needs)};
        if (!settings.listen_https.empty()) return {"listen_https", "`listen_https" + std::string(needs)};
    }
    if (settings.told_name && settings.listen.empty() && settings.listen_https.empty()) {
        return {"ddr_name", "`ddr_name` tells clients how to ask encrypted; expected `listen_tls` or `listen_https`"};
    }
    if (settings.certificates.size() == settings.keys.size()) return {};
    return {settings.keys.empty() ? "tls_cert" : "tls_key",
            "found " + counted(settings.certificates.size(), "file") + " in `tls_cert` and " +
                counted(settings.keys.size(), "file") +
                " in `tls_key`; expected a key for each certificate, in the same order"};
}

}  // namespace dproxy::config
