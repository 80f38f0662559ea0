// SPDX-License-Identifier: MIT
#include "simulation/clients.hpp"

#include <algorithm>

#include "routing/loop_token.hpp"
#include "simulation/client_connection.hpp"

namespace dproxy::simulation {

using test::Octets;
using test::Packet;

Clients::Clients(Kernel& kernel, Ledger& ledger, Journal& journal, Random random, const Routes& routes)
    : kernel_(kernel), ledger_(ledger), journal_(journal), random_(random), routes_(routes) {
    wait_ = random_.one_of<std::uint64_t>({300 * microsecond, 2 * millisecond, 10 * millisecond, 40 * millisecond});
    tcp_share_ = random_.one_of({0u, 5u, 25u, 60u});
    lossy_ = random_.one_of({0u, 0u, 5u});
}

Clients::~Clients() = default;

void Clients::begin(std::uint64_t until) {
    until_ = until;
    wait_ = std::max(wait_, 2 * (until - kernel_.timeline().now()) / most_questions);
    next();
}

void Clients::next() {
    kernel_.timeline().after(random_.below(wait_), [this] {
        if (kernel_.timeline().now() >= until_ || number_ >= most_) return;
        act();
        next();
    });
}

void Clients::act() {
    if (random_.once_in(200)) return burst();
    if (!random_.percent(tcp_share_)) return ask_by_udp(draw_client());
    std::erase_if(connections_, [](const auto& one) { return !one->socket; });
    if (connections_.empty() || random_.once_in(20)) return connect();
    const auto& one = connections_[random_.below(connections_.size())];
    return one->is_over() ? connect() : one->act();
}

/// More than a batch holds, at one time; now and then from one client.
void Clients::burst() {
    const net::Endpoint one = draw_client();
    const bool alone = random_.percent(30);
    domain_ = random_.percent(50) ? routes_.draw_domain(random_) : std::string();
    spread_ns_ = random_.percent(50) ? 0 : usual_spread_ns;
    // Many that ask the same look like a loop.
    const std::string name = random_.percent(30) ? shared_name(0, routes_.draw_domain(random_)) : std::string();
    const std::uint64_t most = random_.percent(15) ? 1500 : 400;
    for (std::uint64_t left = random_.between(20, most); left > 0; --left) {
        ask_by_udp(alone ? one : draw_client(), name);
    }
    domain_.clear();
    spread_ns_ = usual_spread_ns;
}

void Clients::flood() {
    most_ += flood_questions;
    flood_on(flood_questions);
}

void Clients::flood_on(std::uint64_t left) {
    constexpr std::uint64_t at_once = 35;
    net::Endpoint one = draw_client();
    for (std::uint64_t i = 0; i < at_once; ++i) {
        if (i % 5 == 0) one = draw_client();
        if (i % 5 == 1) one.address = net::Address::v4(10, 1, 0, static_cast<std::uint8_t>(random_.below(20)));
        ask_by_udp(one);
    }
    if (left > at_once) kernel_.timeline().after(millisecond, [this, left] { flood_on(left - at_once); });
}

net::Endpoint Clients::draw_client() {
    net::Endpoint client;
    client.port = static_cast<std::uint16_t>(random_.between(1024, 65535));
    const auto last = static_cast<std::uint8_t>(random_.below(20));
    if (random_.percent(70)) {
        client.address = net::Address::v4(10, 1, random_.percent(50) ? 0 : 200, last);
    } else {
        client.address = *net::Address::parse("2001:db8:1::1");
        client.address.bytes[7] = static_cast<std::uint8_t>(random_.below(3));
        client.address.bytes[15] = last;
    }
    return client;
}

void Clients::ask_by_udp(const net::Endpoint& client, const std::string& name) {
    Asked& asked = ledger_.enter(draw_question(client, false, name));
    Datagram datagram{asked.client, asked.at, asked.message, asked.number, false, false};
    if (random_.once_in(500)) datagram.from.port = 0;
    if (random_.once_in(500)) datagram.cut = true;
    if (random_.once_in(500) && client.address.is_v4()) {
        datagram.mapped = true;
        datagram.to.address = *net::Address::parse("2001:db8:53::53");
    }
    if (random_.percent(lossy_)) return;
    const unsigned copies = random_.percent(lossy_) ? 2 : 1;
    for (unsigned i = 0; i < copies; ++i) {
        kernel_.timeline().after(random_.below(spread_ns_), [this, datagram] { kernel_.deliver(datagram); });
    }
}

Asked Clients::draw_question(const net::Endpoint& client, bool over_tcp, const std::string& shared) {
    Asked asked;
    asked.number = ++number_;
    asked.over_tcp = over_tcp;
    asked.client = client;
    const bool v4 = client.address.is_v4();
    asked.at = {v4 ? net::Address::v4(192, 0, 2, 53) : *net::Address::parse("2001:db8:53::53"), dns_port};
    // A host of many addresses, of which any is asked.
    if (random_.percent(30)) asked.at.address.bytes[15] = 54;
    const std::string domain = domain_.empty() ? routes_.draw_domain(random_) : domain_;
    asked.shares_name = !shared.empty() || random_.percent(10);
    const std::uint64_t which = shared.empty() ? random_.below(4) : 0;
    asked.marker = asked.shares_name ? shared_marker | static_cast<std::uint32_t>(which)
                                     : static_cast<std::uint32_t>(asked.number);
    std::string name = asked.shares_name ? shared_name(which, domain) : own_name(asked.number, domain, random_);
    if (!shared.empty()) name = shared;
    const Octets message = draw_message(asked, name, over_tcp);
    asked.message.assign(message.begin(), message.end());
    return asked;
}

Octets Clients::draw_message(Asked& asked, const std::string& name, bool over_tcp) {
    namespace type = dns::type;
    Packet packet = Packet::query(name, random_.one_of<std::uint16_t>({type::a, type::a, type::a, type::aaaa, type::txt,
                                                                       type::mx, type::hinfo, 65280}));
    if (over_tcp && random_.percent(15)) {
        packet = Packet::query(name, random_.percent(80) ? type::axfr : type::ixfr);
    } else if (random_.percent(6)) {
        packet = Packet::query(name, type::soa).opcode(random_.one_of({5u, 5u, 4u, 2u, 6u}));
    }
    if (random_.once_in(300)) packet = draw_loop_probe(asked);
    std::uint16_t id;
    do {
        id = static_cast<std::uint16_t>(random_.next());
    } while (!over_tcp && ledger_.is_taken(asked.client, asked.at, id));
    packet.id(id);
    if (random_.percent(35)) add_edns(packet, asked.client.address, over_tcp);
    if (random_.once_in(100)) packet.additional(test::record({0}, type::tsig, Octets(20, std::uint8_t{7}), 0, 255));
    if (random_.once_in(40)) {
        packet.trailing(Octets(random_.between(1, over_tcp && random_.percent(20) ? 30'000 : 900), std::uint8_t{0}));
    }
    if (random_.once_in(60)) {
        asked.shares_name = true;  // what becomes of its name is not known
        return spoil(packet.bytes());
    }
    return packet.bytes();
}

/// A probe of the worker's process that has come back to it.
Packet Clients::draw_loop_probe(Asked& asked) {
    const auto number = routing::LoopToken::number_of_probe(kernel_.timeline().now(),
                                                            static_cast<std::uint32_t>(random_.next()));
    const auto domain = dns::Name::parse(routes_.draw_domain(random_), true).name;
    const auto name = routing::LoopToken({}).probe_name(number, domain.wire());
    asked.shares_name = true;
    asked.marker = shared_marker - 1;
    return Packet().flags(0x0100).raw_question(Octets(name.wire().begin(), name.wire().end()), dns::type::hinfo);
}

/// With what a server gave this client before, or with nothing, or with what nobody gave.
Octets Clients::draw_cookie(const net::Address& client) {
    Octets cookie(8, 5);
    if (random_.percent(30)) {
        dns::ClientCookie own;
        own.fill(5);
        const auto now = static_cast<std::uint32_t>(1'700'000'000 + kernel_.timeline().now() / second);
        const auto server = dns::CookieSecrets().make(own, client, now);
        cookie.insert(cookie.end(), server.begin(), server.end());
    } else if (random_.percent(30)) {
        cookie.resize(random_.one_of<std::size_t>({9, 24, 40}), 1);
    }
    return test::option(10, cookie);
}

void Clients::add_edns(Packet& packet, const net::Address& client, bool over_tcp) {
    Octets options;
    if (random_.percent(20)) options += draw_cookie(client);
    if (random_.percent(10)) options += test::option(12, Octets(random_.below(60), std::uint8_t{0}));
    if (random_.percent(over_tcp ? 30 : 3)) options += test::option(11, {});
    if (random_.percent(8)) options += test::option(8, {0, 1, 24, 0, 198, 51, 100});
    if (random_.percent(5)) options += test::option(65001, Octets(random_.below(500), std::uint8_t{1}));
    const auto size = random_.one_of<std::uint16_t>({0, 512, 1232, 1232, 4096});
    packet.edns(size, options, random_.one_of({0u, 0x8000u, 0u, random_.once_in(20) ? 0x10000u : 0u}));
}

Octets Clients::spoil(Octets message) {
    switch (random_.below(7)) {
        case 0:
            message.resize(random_.below(dns::header_length));
            break;
        case 1:
            message[2] |= 0x80;
            break;
        case 2:
            message[5] = static_cast<std::uint8_t>(random_.one_of({0, 2}));
            break;
        case 3:
            message[12] = static_cast<std::uint8_t>(random_.one_of({0xc0, 0x40, 0x80}));
            break;
        case 4:
            message[11] = static_cast<std::uint8_t>(message[11] + 1);
            break;
        case 5:
            message.resize(random_.between(dns::header_length, message.size()));
            break;
        default:
            message[2] = static_cast<std::uint8_t>(random_.below(128));
    }
    return message;
}

void Clients::connect() {
    const net::Endpoint client = draw_client();
    const bool v4 = client.address.is_v4() && !random_.once_in(100);  // or it claims to be by IPv6
    const net::Endpoint at{v4 ? net::Address::v4(192, 0, 2, 53) : *net::Address::parse("2001:db8:53::53"), dns_port};
    const auto connection = std::make_shared<Connection>(*this, client, at);
    const auto socket = kernel_.connect_from(client, at, connection);
    if (!socket) return;
    socket->latency = random_.one_of({10 * microsecond, millisecond, 30 * millisecond});
    socket->capacity = random_.one_of<std::size_t>({500, 8192, 64 * 1024});
    socket->bytes_at_once = random_.one_of<std::size_t>({100, 4096, 64 * 1024});
    connections_.push_back(connection);
}

std::uint64_t Clients::unanswered() const {
    std::uint64_t count = 0;
    for (const auto& one : connections_) count += one->unanswered();
    return count;
}

void Clients::leave(bool should_be_answered) {
    if (should_be_answered) ledger_.expect_silence(unanswered());
    for (const auto& one : connections_) {
        // Who has left already may have asked so much that the worker would be busy with it for long.
        if (one->is_over()) {
            one->reset();
        } else {
            one->leave();
        }
    }
    connections_.clear();
}

}  // namespace dproxy::simulation
