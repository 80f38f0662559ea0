// SPDX-License-Identifier: MIT
// Held by tests/integration/test_dnstap.py, tests/unit/relay/no_allocation_test.cpp and
// tests/unit/relay/no_lock_test.cpp.
#include "relay/client_tap.hpp"

#include "dnstap/record.hpp"
#include "relay/verdict.hpp"

namespace dproxy::proxy {

namespace {

dnstap::Protocol protocol_of(Transport transport) {
    switch (transport) {
        case Transport::udp: return dnstap::Protocol::udp;
        case Transport::tls: return dnstap::Protocol::dot;
        case Transport::https:
        case Transport::http: return dnstap::Protocol::doh;  // whoever ends its TLS
        case Transport::tcp: break;
    }
    return dnstap::Protocol::tcp;
}

}  // namespace

dnstap::Record ClientTap::record_of(dnstap::Kind kind, const Client& client) const {
    dnstap::Record record;
    record.kind = kind;
    record.protocol = protocol_of(client.transport);
    record.asking = client.source.endpoint();
    record.asked = clients_.asked(client);
    return record;
}

/// As the relay routes it; the master upstream has all that no pattern has.
routing::RouteIndex ClientTap::route_for(dns::Bytes name, std::uint16_t type, const Client& client) const {
    const net::Address address = client.source.address();
    const routing::RouteTable& table = *publication_->table;
    const routing::RouteIndex route = table.find(name, {&address, type});
    const bool has_master = publication_->pools->master != no_pool;
    if (route != routing::no_route || !has_master) return route;
    return static_cast<routing::RouteIndex>(table.route_count());
}

std::uint8_t ClientTap::zone_length(routing::RouteIndex route, dns::Bytes name) const {
    const routing::RouteTable& table = *publication_->table;
    if (route == routing::no_route) return 0;
    if (route >= table.route_count()) return 1;
    return static_cast<std::uint8_t>(table.pattern_length(name, route));
}

void ClientTap::asked(dns::Bytes message, const dns::Query& query, const Client& client, std::uint64_t now_ns) {
    const auto verdict = judge_form(query);
    if (verdict && verdict->drop) return;
    dnstap::Record record = record_of(dnstap::Kind::client_query, client);
    record.asked_ns = now_ns;
    record.message = message;
    if (query.has_question) {
        const dns::Bytes name = query.question.name(message);
        record.zone = name.last(zone_length(route_for(name, query.question.type, client), name));
    }
    tap_.note(record);
}

void ClientTap::answered(const Owed& owed, dns::Bytes answer, dns::Bytes query, std::uint64_t now_ns) {
    dnstap::Record record = record_of(dnstap::Kind::client_response, owed.client);
    record.asked_ns = owed.started_ns;
    record.answered_ns = now_ns;
    record.message = answer;
    if (owed.query.has_question) {
        const dns::Bytes name = owed.query.question.name(query);
        const bool is_known = owed.entry != nullptr;
        record.zone = name.last(is_known ? owed.entry->zone_length : zone_length(owed.route, name));
    }
    tap_.note(record);
}

}  // namespace dproxy::proxy
