// SPDX-License-Identifier: MIT
// How the descriptors that the process may have are shared out: clients over TCP get what is left after all others.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dproxy::server {

struct DescriptorNeeds {
    std::uint64_t limit = 0;            ///< RLIMIT_NOFILE
    unsigned workers = 1;
    std::size_t addresses = 1;          ///< that are listened on
    std::size_t upstreams = 0;          ///< when it starts; reloads may bring more
    std::size_t http_connections = 0;   ///< at most
    std::uint32_t tcp_connections = 0;  ///< of clients, as the settings say
};

struct DescriptorBudget {
    std::uint32_t tcp_connections = 0;  ///< of clients, at most
    std::uint32_t transfers = 0;        ///< in each worker, at most
    /// Descriptors are numbered from 0 without gaps: TCP of clients, and connections to an upstream that has one, get
    /// none from here on.
    int first_reserved = 0;
    std::uint64_t wanted_limit = 0;  ///< with which clients would have what the settings say
};

DescriptorBudget share_out(const DescriptorNeeds& needs);

/// Raises the soft limit to the hard one; what it is then.
std::uint64_t raise_descriptor_limit();

}  // namespace dproxy::server
