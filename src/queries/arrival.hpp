// SPDX-License-Identifier: MIT
// By what a query comes from a client, and what follows from that. Whoever has to know one of these asks for it, and
// never for the transport.
// Held by tests/integration/test_transports.py, tests/integration/test_proxy_protocol.py.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dns/message.hpp"
#include "net/proxy_header.hpp"

namespace dproxy::proxy {

enum class Transport : std::uint8_t { udp, tcp, tls, https, http };

/// In what a message goes to an upstream.
enum class Carriage : std::uint8_t {
    datagram,
    stream,
    datagram_first,  ///< in a datagram, and where its reply is cut, on a stream: the client never sees that
};

/// What becomes of the question for a zone (AXFR, IXFR).
enum class ZoneTransfer : std::uint8_t {
    as_queries,   ///< one message is its answer (RFC 1995 2), as of every query
    in_messages,  ///< a zone comes in any number of them (RFC 5936 2.2)
    refused,      ///< one message is all that there can be, and nobody falls back from it
};

struct Arrival {
    bool source_proved;                 ///< a handshake came before: nobody asks in another's name
    bool size_limited;                  ///< an answer is cut to what the client can take (RFC 6891 6.2.3)
    ZoneTransfer transfers;
    bool has_idle_time;                 ///< the client may ask how long it can be silent (RFC 7828)
    bool over_tls;                      ///< which ends here
    bool over_http;                     ///< a connection may carry the queries of many, whom a proxy names
    bool encrypted;                     ///< on its way to the client: padding has a point (RFC 8467)
    Carriage natural;                   ///< how an upstream is asked where a route says "as the client came"
    net::ProxyTransport proxy_transport;  ///< what a PROXY header says of it
};

/// In the order of Transport.
inline constexpr std::array arrivals{
    Arrival{.source_proved = false,
            .size_limited = true,
            .transfers = ZoneTransfer::as_queries,
            .has_idle_time = false,
            .over_tls = false,
            .over_http = false,
            .encrypted = false,
            .natural = Carriage::datagram,
            .proxy_transport = net::ProxyTransport::datagram},
    Arrival{.source_proved = true,
            .size_limited = false,
            .transfers = ZoneTransfer::in_messages,
            .has_idle_time = true,
            .over_tls = false,
            .over_http = false,
            .encrypted = false,
            .natural = Carriage::stream,
            .proxy_transport = net::ProxyTransport::stream},
    Arrival{.source_proved = true,
            .size_limited = false,
            .transfers = ZoneTransfer::in_messages,
            .has_idle_time = true,
            .over_tls = true,
            .over_http = false,
            .encrypted = true,
            .natural = Carriage::datagram_first,
            .proxy_transport = net::ProxyTransport::stream},
    Arrival{.source_proved = true,
            .size_limited = false,
            .transfers = ZoneTransfer::refused,
            .has_idle_time = false,
            .over_tls = true,
            .over_http = true,
            .encrypted = true,
            .natural = Carriage::datagram_first,
            .proxy_transport = net::ProxyTransport::stream},
    Arrival{.source_proved = true,
            .size_limited = false,
            .transfers = ZoneTransfer::refused,
            .has_idle_time = false,
            .over_tls = false,
            .over_http = true,
            .encrypted = true,  // by whoever ends TLS before us
            .natural = Carriage::datagram_first,
            .proxy_transport = net::ProxyTransport::stream},
};

static_assert(arrivals.size() == static_cast<std::size_t>(Transport::http) + 1);

constexpr const Arrival& arrival_by(Transport transport) { return arrivals[static_cast<std::size_t>(transport)]; }

/// Whether a message of so many bytes that came so is taken to an upstream on a stream from the first, where a route
/// says "as the client came": what no datagram holds is.
constexpr bool leaves_by_stream(const Arrival& arrival, std::size_t bytes) {
    if (arrival.natural == Carriage::datagram_first) return bytes > dns::max_udp_payload;
    return arrival.natural == Carriage::stream;
}

}  // namespace dproxy::proxy
