// SPDX-License-Identifier: MIT
// Binds the DNS addresses: for each of them a UDP and a TCP socket for every worker, or a TCP socket for what carries
// messages by TLS or HTTP.
#pragma once

#include <string>
#include <vector>

#include "io/fd.hpp"
#include "net/address.hpp"

namespace dproxy::server {

/// One of something for each way in which messages are carried.
template <typename Of>
struct ByCarrying {
    Of plain{};  ///< UDP and TCP
    Of tls{};    ///< DNS over TLS
    Of https{};  ///< DNS over HTTPS
    Of http{};   ///< the same without TLS
};

using ListenAddresses = ByCarrying<std::vector<net::Endpoint>>;

struct WorkerSockets {
    std::vector<io::Fd> udp;
    ByCarrying<std::vector<io::Fd>> tcp;
};

struct Listeners {
    std::vector<WorkerSockets> of_worker;
    ListenAddresses endpoints;          ///< what is bound, with real ports
    std::vector<std::string> warnings;  ///< families that this kernel lacks
    std::string error;                  ///< one line for people; the rest is empty then
};

/// Port 0 takes a free port, the same for UDP and TCP. An address in use is an error also where another
/// program shares it by SO_REUSEPORT.
Listeners bind_listeners(const ListenAddresses& addresses, unsigned workers);

}  // namespace dproxy::server
