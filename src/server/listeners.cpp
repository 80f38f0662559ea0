// SPDX-License-Identifier: MIT
#include "server/listeners.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include "io/tcp_listener.hpp"
#include "io/udp_socket.hpp"

namespace dproxy::server {

namespace {

constexpr int port_tries = 16;  ///< for port 0: a port that is free for UDP may be taken for TCP

std::string describe(const net::Endpoint& endpoint, const char* transport, std::error_code error) {
    std::string text = "cannot listen on " + endpoint.to_string() + " (" + transport + "): " + error.message();
    if (error == std::errc::address_in_use) text += "; another program, perhaps another dproxy, has it";
    if (error == std::errc::permission_denied) {
        text += "; ports below 1024 need CAP_NET_BIND_SERVICE or the sysctl net.ipv4.ip_unprivileged_port_start";
    }
    if (error == std::errc::address_not_available) text += "; no interface of this host has the address";
    return text;
}

/// A way in which messages are carried, and what of each ByCarrying is its.
struct Carrying {
    const char* name;
    std::vector<net::Endpoint> ListenAddresses::*addresses;
    std::vector<io::Fd> ByCarrying<std::vector<io::Fd>>::*sockets;
    bool with_udp;
};
constexpr std::array carryings{
    Carrying{"TCP", &ListenAddresses::plain, &ByCarrying<std::vector<io::Fd>>::plain, true},
    Carrying{"TLS", &ListenAddresses::tls, &ByCarrying<std::vector<io::Fd>>::tls, false},
    Carrying{"HTTPS", &ListenAddresses::https, &ByCarrying<std::vector<io::Fd>>::https, false},
    Carrying{"HTTP", &ListenAddresses::http, &ByCarrying<std::vector<io::Fd>>::http, false},
};

/// Binds once without sharing: with SO_REUSEPORT, two dproxies would silently split the queries. Does not listen, as
/// the connections of clients that are there already would be reset with this socket.
bool is_free(const Carrying& carrying, net::Endpoint& endpoint, const char*& transport, std::error_code& error) {
    const bool any_port = endpoint.port == 0;
    for (int i = 0; i < (any_port ? port_tries : 1); ++i) {
        net::Endpoint wanted = endpoint;
        io::Fd udp;
        if (carrying.with_udp) {
            transport = "UDP";
            udp = io::bind_udp(wanted, io::PortSharing::exclusive, error);
            if (!udp) return false;
            wanted.port = io::local_port(udp.get());
        }
        transport = carrying.name;
        if (const io::Fd tcp = io::bind_tcp(wanted, io::PortSharing::exclusive, error)) {
            endpoint = wanted;
            endpoint.port = io::local_port(tcp.get());
            return true;
        }
    }
    return false;
}

bool bind_for_workers(const Carrying& carrying, const net::Endpoint& endpoint, Listeners& listeners,
                      const char*& transport, std::error_code& error) {
    for (WorkerSockets& worker : listeners.of_worker) {
        if (carrying.with_udp) {
            transport = "UDP";
            worker.udp.push_back(io::bind_udp(endpoint, io::PortSharing::shared, error));
            if (error) return false;
        }
        transport = carrying.name;
        (worker.tcp.*carrying.sockets).push_back(io::listen_tcp(endpoint, io::PortSharing::shared, error));
        if (error) return false;
    }
    return true;
}

/// False, with an error, where one cannot be had for a reason other than a family that is not there.
bool bind_all(const Carrying& carrying, const ListenAddresses& wanted, Listeners& listeners) {
    for (net::Endpoint endpoint : wanted.*carrying.addresses) {
        const char* transport = "";
        std::error_code error;
        const bool bound = is_free(carrying, endpoint, transport, error) &&
                           bind_for_workers(carrying, endpoint, listeners, transport, error);
        if (bound) {
            (listeners.endpoints.*carrying.addresses).push_back(endpoint);
        } else if (error == std::errc::address_family_not_supported ||
                   (error == std::errc::address_not_available && endpoint.address.is_unspecified())) {
            const std::string family = endpoint.address.is_v4() ? "IPv4" : "IPv6";
            listeners.warnings.push_back("this kernel has no " + family + ": not listening on " + endpoint.to_string());
        } else {
            listeners = {};
            listeners.error = describe(endpoint, transport, error);
            return false;
        }
    }
    return true;
}

}  // namespace

Listeners bind_listeners(const ListenAddresses& addresses, unsigned workers) {
    Listeners listeners;
    listeners.of_worker.resize(workers);
    for (const Carrying& carrying : carryings) {
        if (!bind_all(carrying, addresses, listeners)) return listeners;
    }
    if (listeners.endpoints.plain.empty()) listeners.error = "no address to listen on is left";
    return listeners;
}

}  // namespace dproxy::server
