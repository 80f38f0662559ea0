// SPDX-License-Identifier: MIT
// Sockets that are waited for, each time until a deadline: for verbs that do one thing.
// Held by tests/unit/cli/dns_exchange_test.cpp.
#pragma once

#include <chrono>
#include <string>

#include "io/fd.hpp"
#include "net/address.hpp"

namespace dproxy::cli {

using SocketClock = std::chrono::steady_clock;

/// What the system says of an errno.
std::string reason_of(int error);
/// Of a SOCK_* type, not blocking, and not connected. Nothing where the system gives none (errno).
io::Fd open_socket(const net::Endpoint& server, int type);
/// Whether `fd` became ready for the events of poll(2) before the deadline.
bool wait_for(int fd, short events, SocketClock::time_point deadline);
/// Why there is no connection; empty where there is one.
std::string connect_tcp(int fd, const net::Endpoint& server, SocketClock::time_point deadline);

}  // namespace dproxy::cli
