// SPDX-License-Identifier: MIT
// Binds the DNS addresses: for each of them a UDP and a TCP socket for every worker.
#pragma once

#include <string>
#include <vector>

#include "io/fd.hpp"
#include "net/address.hpp"

namespace dproxy::server {

struct WorkerSockets {
    std::vector<io::Fd> udp;
    std::vector<io::Fd> tcp;
};

struct Listeners {
    std::vector<WorkerSockets> of_worker;
    std::vector<net::Endpoint> endpoints;  ///< what is bound, with real ports
    std::vector<std::string> warnings;     ///< families that this kernel lacks
    std::string error;                     ///< one line for people; the rest is empty then
};

/// Port 0 takes a free port, the same for UDP and TCP. An address in use is an error also where another
/// program shares it by SO_REUSEPORT.
Listeners bind_listeners(const std::vector<net::Endpoint>& endpoints, unsigned workers);

}  // namespace dproxy::server
