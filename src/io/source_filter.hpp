// SPDX-License-Identifier: MIT
// Lets the kernel drop a part of what certain client networks send, before it takes room in a socket's buffer: what is
// shed then costs this process nothing. A classic BPF program (socket(7), SO_ATTACH_FILTER), which needs no privileges.
#pragma once

#include <system_error>
#include <vector>

#include "net/client_network.hpp"

namespace dproxy::io {

/// Datagrams of the network (ClientNetwork::claimed) get through with this chance, from 0 to 1.
struct Admission {
    net::ClientNetwork network;
    double chance = 1;
};

/// On a bound UDP socket of that family; networks of the other one are left out. An empty list takes the filter away.
std::error_code admit_sources(int fd, bool v4, const std::vector<Admission>& admissions);

/// Of a socket's receive buffer.
struct BufferFill {
    double part = 0;              ///< in use, 0 to 1
    std::uint64_t datagrams = 0; ///< in it, if they are as small as queries are
};
/// 0 where the kernel does not tell.
BufferFill receive_buffer_fill(int fd);

}  // namespace dproxy::io
