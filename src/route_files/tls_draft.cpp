// SPDX-License-Identifier: MIT
#include "route_files/tls_draft.hpp"

#include <algorithm>

#include "ini/counted.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "route_files/files_beside.hpp"

namespace dproxy::config {

namespace {

std::string take_file(std::string_view value, std::string_view extension, routing::TextBeside& file) {
    std::string fault = name_beside_fault(value, extension);
    if (fault.empty()) file.name = value;
    return fault;
}

}  // namespace

std::string TlsDraft::name(std::string_view value) {
    const auto target = parse_target(value, tls_port);
    const bool is_host = target && !target->host.empty() && value.find(':') == std::string_view::npos;
    if (!is_host) return (value.empty() ? "nothing" : excerpt(value)) + " was found; expected a host name";
    settings_.name = target->host;
    if (settings_.name.ends_with('.')) settings_.name.pop_back();
    return {};
}

std::string TlsDraft::verify(std::string_view value) {
    const auto parsed = parse_switch(value);
    if (parsed) settings_.verify = *parsed;
    return parsed.fault;
}

std::string TlsDraft::pins(std::string_view value, const EncryptionCheck& check) {
    constexpr const char* expected = "; expected `sha256/` and the 44 signs of a digest in base64";
    const auto items = split_list(value);
    if (items.empty()) return std::string("nothing was found") + expected;
    if (items.size() > max_pins) {
        return counted(items.size(), "pin") + " were found; expected at most " + std::to_string(max_pins);
    }
    for (const std::string_view item : items) {
        if (!check.is_pin(item)) return excerpt(item) + " was found" + expected;
        settings_.pins.emplace_back(item);
    }
    std::sort(settings_.pins.begin(), settings_.pins.end());
    settings_.pins.erase(std::unique(settings_.pins.begin(), settings_.pins.end()), settings_.pins.end());
    return {};
}

std::string TlsDraft::authorities(std::string_view value, std::string_view extension) {
    return take_file(value, extension, settings_.authorities);
}

std::string TlsDraft::certificate(std::string_view value, std::string_view extension) {
    return take_file(value, extension, settings_.certificate);
}

std::string TlsDraft::key(std::string_view value, std::string_view extension) {
    return take_file(value, extension, settings_.key);
}

TlsDraft::Fault TlsDraft::read(std::string_view key, routing::TextBeside& file, const TextFinder& text_of) {
    if (!file.is_given()) return {};
    NamedText found = text_of ? text_of(file.name) : NamedText{.fault = "is not there"};
    if (!found.text) return {key, excerpt(file.name) + " " + found.fault};
    file.text = std::move(found.text);
    file.digest = found.content.to_string();
    return {};
}

TlsDraft::Fault TlsDraft::read_files(const TextFinder& text_of, const EncryptionCheck& check) {
    if (settings_.certificate.is_given() != settings_.key.is_given()) {
        const bool has_key = settings_.key.is_given();
        return {has_key ? "tls_key" : "tls_cert",
                std::string("stands without `") + (has_key ? "tls_cert" : "tls_key") + "`; expected both or none"};
    }
    if (!settings_.verify && settings_.authorities.is_given()) {
        return {"tls_ca", "means nothing beside `tls_verify = off`; expected one of them"};
    }
    for (auto [name, file] : {std::pair{"tls_ca", &settings_.authorities}, {"tls_cert", &settings_.certificate},
                              {"tls_key", &settings_.key}}) {
        if (Fault fault = read(name, *file, text_of); !fault.key.empty()) return fault;
    }
    if (settings_.verify) {
        std::string fault = check.authorities_fault(settings_.authorities);
        if (!fault.empty()) return {settings_.authorities.is_given() ? "tls_ca" : "protocol", std::move(fault)};
    }
    if (settings_.certificate.is_given()) {
        std::string fault = check.identity_fault(settings_.certificate, settings_.key);
        if (!fault.empty()) return {"tls_cert", std::move(fault)};
    }
    return {};
}

std::string TlsDraft::doubt() const {
    if (settings_.verify) return {};
    if (!settings_.pins.empty()) return "`off`: the pins alone say who is believed, whatever name and dates say";
    return "`off`: it is encrypted, but whoever stands between is believed as well";
}

}  // namespace dproxy::config
