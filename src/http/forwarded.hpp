// SPDX-License-Identifier: MIT
// On whose behalf a proxy that ends HTTP asks: `Forwarded` (RFC 7239) and `X-Forwarded-For`. Believed hop by hop, from
// the connection's peer on, and no further than proxies that are trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"
#include "net/network_list.hpp"

namespace dproxy::http {

/// The values of a request's fields, in the order in which they came.
struct ForwardingFields {
    std::vector<std::string> forwarded;
    std::vector<std::string> x_forwarded_for;

    /// Keeps a field that is one of the two; `name` is in lower case.
    void take(std::string_view name, std::string_view value);
};

struct ForwardedClient {
    net::Address address;
    /// Both fields are there and lead to different clients. A proxy that writes one of them hands the other on as the
    /// client sent it, so neither can be believed; `address` is the peer's.
    bool is_contradictory = false;
};

/// Whose request it is. From the right, the nearest hop first: the first that is not trusted is the client. What is
/// malformed, `unknown` or obfuscated (RFC 7239 6.3) ends the way at the last trusted hop, and so does the hop behind
/// `forwarded_hops`. A peer that is not trusted is the client whatever it says. `Forwarded` goes first.
ForwardedClient forwarded_client(const net::Address& peer, const net::NetworkList& trusted,
                                 const ForwardingFields& fields);

}  // namespace dproxy::http
