// SPDX-License-Identifier: MIT
// What is between a client and us alone, and goes no further: cookies and keepalive. Times come in: no sockets, no
// clock.
#pragma once

#include <cstdint>

#include "dns/hop_options.hpp"
#include "dns/query.hpp"
#include "dns/server_cookie.hpp"
#include "queries/client.hpp"

namespace dproxy::proxy {

/// Immutable; any thread. Times are seconds since 1970, modulo 2^32, as cookies have them.
class OwnHop {
public:
    /// The secrets outlive it. `idle_ns`: for how long a client's connection may be silent.
    OwnHop(const dns::CookieSecrets& secrets, std::uint64_t idle_ns) : secrets_(&secrets), idle_ns_(idle_ns) {}

    /// The message without these options; `client` is told what they prove. `query` is what read_query made of it, and
    /// tells of the shorter message from then on.
    dns::MutableBytes take(dns::MutableBytes message, dns::Query& query, Client& client, std::uint32_t now) const;
    /// What our answer says to them.
    dns::HopAnswer answer(const dns::Query& query, const Client& client, std::uint32_t now) const;

private:
    const dns::CookieSecrets* secrets_;
    std::uint64_t idle_ns_;
};

/// The reply without those that the upstream put in.
inline dns::MutableBytes without_hop_options(dns::MutableBytes reply, const dns::Query& query) {
    if (!dns::may_have_hop_options(reply) || query.is_signed) return reply;
    return reply.first(dns::remove_hop_options(reply));
}

}  // namespace dproxy::proxy
