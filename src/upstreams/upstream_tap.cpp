// SPDX-License-Identifier: MIT
// Held by tests/integration/test_dnstap.py.
#include "upstreams/upstream_tap.hpp"

#include "dnstap/record.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

namespace {

dnstap::Protocol protocol_of(telemetry::UpstreamTransport transport) {
    switch (transport) {
        case telemetry::UpstreamTransport::udp: return dnstap::Protocol::udp;
        case telemetry::UpstreamTransport::tls: return dnstap::Protocol::dot;
        case telemetry::UpstreamTransport::https: return dnstap::Protocol::doh;
        case telemetry::UpstreamTransport::tcp:
        case telemetry::UpstreamTransport::count_: break;
    }
    return dnstap::Protocol::tcp;
}

dnstap::Record record_of(dnstap::Kind kind, const Asking& asking, dns::Bytes message) {
    return {.kind = kind,
            .protocol = protocol_of(asking.upstream.transport(asking.by_stream)),
            .asking = asking.local,
            .asked = asking.upstream.spec().key.endpoint,
            .asked_ns = asking.sent_ns,
            .zone = asking.zone,
            .message = message};
}

Asking asking_by(Link& link, QueryIndex query, std::uint64_t sent_ns) {
    InFlightTable& queries = link.upstream().context().queries;
    const InFlight& entry = queries[query];
    const dns::Bytes name = entry.query.question.name(queries.message(query));
    return {link.upstream(), link.traits().is_stream, link.local(), name.last(entry.zone_length), sent_ns};
}

}  // namespace

void tell_sent(UpstreamContext& context, const Asking& asking, dns::Bytes message) {
    context.tap.note(record_of(dnstap::Kind::forwarder_query, asking, message));
}

void tell_replied(UpstreamContext& context, const Asking& asking, dns::Bytes reply) {
    dnstap::Record record = record_of(dnstap::Kind::forwarder_response, asking, reply);
    record.answered_ns = context.now_ns;
    context.tap.note(record);
}

void tell_sent(Link& link, QueryIndex query, dns::Bytes message) {
    UpstreamContext& context = link.upstream().context();
    tell_sent(context, asking_by(link, query, context.now_ns), message);
}

void tell_replied(Link& link, QueryIndex query, std::uint64_t sent_ns, dns::Bytes reply) {
    tell_replied(link.upstream().context(), asking_by(link, query, sent_ns), reply);
}

}  // namespace dproxy::proxy
