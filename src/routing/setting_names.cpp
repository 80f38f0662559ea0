// SPDX-License-Identifier: MIT
#include "routing/setting_names.hpp"

namespace dproxy::routing {

std::string_view name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::udp: return "udp";
        case Protocol::tcp: return "tcp";
        case Protocol::tls: return "tls";
        case Protocol::https: return "https";
    }
    return "";
}

std::string_view name_of(Policy policy) {
    switch (policy) {
        case Policy::least_outstanding: return "least-outstanding";
        case Policy::round_robin: return "round-robin";
        case Policy::random: return "random";
        case Policy::first: return "first";
        case Policy::hash: return "hash";
    }
    return "";
}

std::string_view name_of(Health health) {
    switch (health) {
        case Health::on: return "on";
        case Health::passive: return "passive";
        case Health::off: return "off";
    }
    return "";
}

std::string_view name_of(LocalAnswer answer) {
    switch (answer) {
        case LocalAnswer::none: return "";
        case LocalAnswer::refused: return "refused";
        case LocalAnswer::nxdomain: return "nxdomain";
        case LocalAnswer::nodata: return "nodata";
        case LocalAnswer::servfail: return "servfail";
        case LocalAnswer::drop: return "drop";
    }
    return "";
}

}  // namespace dproxy::routing
