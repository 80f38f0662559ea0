// SPDX-License-Identifier: MIT
// What a section of a .prox file says besides its patterns: its keys, checked and typed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/message.hpp"
#include "net/address.hpp"
#include "net/network_list.hpp"
#include "routing/audience.hpp"
#include "routing/keeping.hpp"
#include "routing/tls_settings.hpp"

namespace dproxy::routing {

/// `as_client`: by UDP whom a client asked by UDP, by TCP whom it asked by TCP. Route files write `udp`.
enum class Protocol : std::uint8_t { as_client, tcp, tls, https };
enum class Policy : std::uint8_t { least_outstanding, round_robin, random, first, hash };
enum class Health : std::uint8_t { on, passive, off };
/// When a second query goes to another upstream before the first is given up: `p95`, or after a fixed time.
enum class Hedge : std::uint8_t { off, p95, after };
/// `answer`: what dproxy says itself. `none`: the route has upstreams.
/// `addresses`: those of the route, to who asks for their type; all else is there and empty.
enum class LocalAnswer : std::uint8_t { none, refused, nxdomain, nodata, servfail, drop, addresses };

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

inline bool is_encrypted(Protocol protocol) { return protocol == Protocol::tls || protocol == Protocol::https; }
/// HTTP gives one message for one, and a zone is many (RFC 8484 6).
inline bool carries_zones(Protocol protocol) { return protocol != Protocol::https; }

/// What makes two upstreams the same one: one set of sockets, one health, one set of counters.
struct UpstreamKey {
    net::Endpoint endpoint;
    Protocol protocol = Protocol::as_client;
    bool proxy_protocol = false;
    TlsSettings tls;  ///< its name is that of the host where the section says none; empty: the address
    std::string https_path{};  ///< of Protocol::https
    auto operator<=>(const UpstreamKey&) const = default;
};

/// What upstreams are asked to find out whether they are up.
struct ProbeSetting {
    std::string name;  ///< presentation format, lower case
    std::uint16_t type = 0;
    auto operator<=>(const ProbeSetting&) const = default;
};

inline constexpr std::size_t max_targets_per_route = 64;
inline constexpr unsigned max_attempts = 5;
/// Of an `answer`: as many as fit any datagram (1,232 bytes) behind the longest question.
inline constexpr std::size_t max_answer_addresses = 32;

/// Equal settings are stored once and shared by all routes that have them. Immutable once built.
struct RouteSettings {
    std::vector<Target> targets;
    Protocol protocol = Protocol::as_client;
    Policy policy = Policy::least_outstanding;
    std::chrono::milliseconds timeout{4000};
    std::uint8_t attempts = 2;
    std::uint8_t fallback_on = fallback::none;
    Hedge hedge = Hedge::off;
    std::chrono::milliseconds hedge_after{0};  ///< for Hedge::after
    std::uint32_t max_inflight = 10000;
    Health health = Health::on;
    std::optional<ProbeSetting> probe;  ///< none: nothing is said
    LocalAnswer answer = LocalAnswer::none;
    std::vector<net::Address> answer_addresses;  ///< for LocalAnswer::addresses, each once
    std::chrono::seconds ttl{60};                ///< of these
    Keeping keeping;           ///< answers that are kept
    std::optional<std::uint32_t> query_log;  ///< one query in so many is logged; 0: none; nothing: as for all routes
    Audience audience;         ///< whose queries see the section at all
    bool allow_all = true;     ///< no `allow` key
    net::NetworkList allow;    ///< who may use it, where allow_all is false
    bool client_subnet = false;
    bool proxy_protocol = false;
    TlsSettings tls;
    std::string https_path{};  ///< of Protocol::https, else empty

    bool allows(const net::Address& client) const { return allow_all || allow.contains(client); }
    auto operator<=>(const RouteSettings&) const = default;
};

}  // namespace dproxy::routing
