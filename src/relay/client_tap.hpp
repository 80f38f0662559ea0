// SPDX-License-Identifier: MIT
// What dnstap is told of the messages of clients.
#pragma once

#include <cstdint>
#include <memory>

#include "clients/client_sides.hpp"
#include "dnstap/tap.hpp"
#include "publication/publication.hpp"
#include "relay/owed.hpp"

namespace dproxy::proxy {

/// One thread. What it is given outlives it.
class ClientTap {
public:
    /// `publication`: the one in force, kept by the caller; null before the first.
    ClientTap(dnstap::Tap& tap, const ClientSides& clients, const std::shared_ptr<const Publication>& publication)
        : tap_(tap), clients_(clients), publication_(publication) {}

    bool is_on() const { return tap_.is_on(); }

    // Where is_on().

    /// A message as it came, `query` as it was read.
    void asked(dns::Bytes message, const dns::Query& query, const Client& client, std::uint64_t now_ns);
    /// An answer that is about to leave. `query`: the message that it answers.
    void answered(const Owed& owed, dns::Bytes answer, dns::Bytes query, std::uint64_t now_ns);
    /// How many of the name's last bytes are the domain of the pattern by which the route takes it; 0: none does.
    std::uint8_t zone_length(routing::RouteIndex route, dns::Bytes name) const;

private:
    routing::RouteIndex route_for(dns::Bytes name, std::uint16_t type, const Client& client) const;
    dnstap::Record record_of(dnstap::Kind kind, const Client& client) const;

    dnstap::Tap& tap_;
    const ClientSides& clients_;
    const std::shared_ptr<const Publication>& publication_;
};

}  // namespace dproxy::proxy
