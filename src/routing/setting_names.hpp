// SPDX-License-Identifier: MIT
// The settings of a route as they are written in a .prox file: read by these words, and reported by them.
#pragma once

#include <string>
#include <string_view>

#include "routing/route_settings.hpp"

namespace dproxy::routing {

constexpr std::string_view name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::as_client: return "udp";
        case Protocol::tcp: return "tcp";
        case Protocol::tls: return "tls";
        case Protocol::https: return "https";
    }
    return "";
}

constexpr std::string_view name_of(Policy policy) {
    switch (policy) {
        case Policy::least_outstanding: return "least-outstanding";
        case Policy::round_robin: return "round-robin";
        case Policy::random: return "random";
        case Policy::first: return "first";
        case Policy::hash: return "hash";
    }
    return "";
}

constexpr std::string_view name_of(Health health) {
    switch (health) {
        case Health::on: return "on";
        case Health::passive: return "passive";
        case Health::off: return "off";
    }
    return "";
}

/// Empty for none.
constexpr std::string_view name_of(LocalAnswer answer) {
    switch (answer) {
        case LocalAnswer::none: return "";
        case LocalAnswer::refused: return "refused";
        case LocalAnswer::nxdomain: return "nxdomain";
        case LocalAnswer::nodata: return "nodata";
        case LocalAnswer::servfail: return "servfail";
        case LocalAnswer::drop: return "drop";
        case LocalAnswer::addresses: return "addresses";
    }
    return "";
}

/// What a route answers by itself: a word, or its addresses. Empty for none.
inline std::string answer_text(const RouteSettings& settings) {
    if (settings.answer != LocalAnswer::addresses) return std::string(name_of(settings.answer));
    std::string text;
    for (const net::Address& address : settings.answer_addresses) {
        text += (text.empty() ? "" : ", ") + address.to_string();
    }
    return text;
}

}  // namespace dproxy::routing
