// SPDX-License-Identifier: MIT
// What a section of a .prox file says besides its patterns: the keys of DESIGN 2.3, checked and typed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dns/message.hpp"
#include "net/address.hpp"

namespace dproxy::routing {

enum class Protocol : std::uint8_t { udp, tcp, tls, https };
enum class Policy : std::uint8_t { least_outstanding, round_robin, random, first, hash };
enum class Health : std::uint8_t { on, passive, off };
/// When a second query goes to another upstream before the first is given up: `p95`, or after a fixed time.
enum class Hedge : std::uint8_t { off, p95, after };
/// `answer`: what dproxy says itself. `none`: the route has upstreams.
enum class LocalAnswer : std::uint8_t { none, refused, nxdomain, nodata, servfail, drop };

/// Bits of `fallback_on`.
namespace fallback {
inline constexpr std::uint8_t none = 0, servfail = 1, refused = 2, nxdomain = 4;

/// Whether a reply of that rcode moves on to the next upstream.
inline bool names(std::uint8_t on, std::uint8_t rcode) {
    switch (static_cast<dns::Rcode>(rcode)) {
        case dns::Rcode::servfail: return (on & servfail) != 0;
        case dns::Rcode::refused: return (on & refused) != 0;
        case dns::Rcode::nxdomain: return (on & nxdomain) != 0;
        default: return false;
    }
}
}  // namespace fallback

/// One address of a route: an IP endpoint, or a host name whose addresses are found later.
struct Target {
    std::string host;        ///< empty where `endpoint` is meant; else in lower case. A trailing dot: no search list
    net::Endpoint endpoint;  ///< with a host only the port counts
    auto operator<=>(const Target&) const = default;
};

/// What makes two upstreams the same one: one set of sockets, one health, one set of counters.
struct UpstreamKey {
    net::Endpoint endpoint;
    Protocol protocol = Protocol::udp;
    bool proxy_protocol = false;
    bool tls_verify = true;
    std::string tls_name;
    std::string tls_ca;
    auto operator<=>(const UpstreamKey&) const = default;
};

inline constexpr std::size_t max_targets_per_route = 64;
inline constexpr unsigned max_attempts = 5;

/// Equal settings are stored once and shared by all routes that have them. Immutable once built.
struct RouteSettings {
    std::vector<Target> targets;
    Protocol protocol = Protocol::udp;
    Policy policy = Policy::least_outstanding;
    std::chrono::milliseconds timeout{4000};
    std::uint8_t attempts = 2;
    std::uint8_t fallback_on = fallback::none;
    Hedge hedge = Hedge::off;
    std::chrono::milliseconds hedge_after{0};  ///< for Hedge::after
    std::uint32_t max_inflight = 10000;
    Health health = Health::on;
    LocalAnswer answer = LocalAnswer::none;
    bool allow_all = true;     ///< no `allow` key
    net::NetworkList allow;    ///< who may use it, where allow_all is false
    bool client_subnet = false;
    bool proxy_protocol = false;
    bool tls_verify = true;
    std::string tls_name;
    std::string tls_ca;

    bool allows(const net::Address& client) const { return allow_all || allow.contains(client); }
    auto operator<=>(const RouteSettings&) const = default;
};

}  // namespace dproxy::routing
