// SPDX-License-Identifier: MIT
// One thread has the question and the nameservers that it asks; time is what the test says it is.
#include "hosts/host_question.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "io/tcp_listener.hpp"
#include "io/udp_socket.hpp"
#include "packets.hpp"

namespace dproxy::test {
namespace {

using dns::AddressFinding;
using proxy::HostQuestion;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::chrono::seconds give_up{20};

using Replies = std::vector<Octets>;
/// What is sent back for a query; nothing: silence.
using Behaviour = std::function<Replies(const Octets& query)>;

Octets as_reply(Octets query, unsigned rcode, const std::vector<Octets>& answers = {}) {
    query[2] = static_cast<std::uint8_t>(query[2] | 0x80);
    query[3] = static_cast<std::uint8_t>(rcode);
    query[7] = static_cast<std::uint8_t>(answers.size());
    for (const Octets& answer : answers) query += answer;
    return query;
}
/// 192.0.2.`last`, for a minute.
Octets found(const Octets& query, std::uint8_t last) {
    return as_reply(query, 0, {record({0xc0, 12}, qtype::a, {192, 0, 2, last}, 60)});
}
Octets truncated(Octets query) {
    query[2] = static_cast<std::uint8_t>(query[2] | 0x82);
    return query;
}

Behaviour finding(std::uint8_t last) {
    return [last](const Octets& query) { return Replies{found(query, last)}; };
}
Behaviour rcode(unsigned number) {
    return [number](const Octets& query) { return Replies{as_reply(query, number)}; };
}
Replies silence(const Octets&) { return {}; }

/// On one port, over UDP and TCP.
class Nameserver final : private io::MessageStream::Events {
public:
    Nameserver(boost::asio::io_context& context, Behaviour udp, Behaviour tcp = silence)
        : context_(context), udp_(std::move(udp)), tcp_(std::move(tcp)) {
        std::error_code error;
        io::Fd listening = io::listen_tcp({net::Address::v4(127, 0, 0, 1), 0}, io::PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        endpoint_ = io::bound_endpoint(listening.get());
        io::Fd socket = io::bind_udp(endpoint_, io::PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        socket_ = std::make_unique<io::Readiness>(context, std::move(socket), [this] { read(); });
        listener_ = std::make_unique<io::TcpListener>(
            context, std::move(listening), [this](io::Fd connection, const io::SocketAddress&) {
                streams_.push_back(
                    std::make_unique<io::MessageStream>(context_, std::move(connection), true, events()));
            });
    }

    const net::Endpoint& endpoint() const { return endpoint_; }
    std::vector<Octets> asked;          ///< over UDP, as it came
    std::vector<std::uint16_t> ports;   ///< from which
    std::size_t asked_by_tcp = 0;

private:
    io::MessageStream::Events& events() { return *this; }

    void read() {
        std::array<std::uint8_t, 4096> bytes;
        io::SocketAddress from;
        from.length = sizeof from.v6;
        const auto count = ::recvfrom(socket_->fd(), bytes.data(), bytes.size(), 0, &from.any, &from.length);
        if (count < 0) return;
        asked.emplace_back(bytes.begin(), bytes.begin() + count);
        ports.push_back(from.port());
        for (const Octets& reply : udp_(asked.back())) {
            ::sendto(socket_->fd(), reply.data(), reply.size(), 0, &from.any, from.length);
        }
    }
    void on_message(dns::MutableBytes message) override {
        ++asked_by_tcp;
        for (const Octets& reply : tcp_(Octets(message.begin(), message.end()))) streams_.back()->send(reply);
    }
    void on_end(io::StreamEnd, std::error_code) override {}

    boost::asio::io_context& context_;
    Behaviour udp_;
    Behaviour tcp_;
    net::Endpoint endpoint_;
    std::unique_ptr<io::Readiness> socket_;
    std::unique_ptr<io::TcpListener> listener_;
    std::vector<std::unique_ptr<io::MessageStream>> streams_;
};

/// A port of which nobody else makes use, and where nobody answers but the kernel.
net::Endpoint closed_port(io::Fd& held) {
    std::error_code error;
    const net::Endpoint any{net::Address::v4(127, 0, 0, 1), 0};
    held = io::bind_tcp(any, io::PortSharing::exclusive, error);
    REQUIRE_FALSE(error);
    return io::bound_endpoint(held.get());
}

struct QuestionFixture {
    boost::asio::io_context io;
    int ended = 0;
    proxy::HostQuestionContext context{io, [this] { ++ended; }, {}, {}, {}};
    routing::ResolverSettings settings;
    std::unique_ptr<HostQuestion> question;
    std::uint64_t now = 100 * second;

    QuestionFixture() {
        settings.timeout = std::chrono::seconds(2);
        settings.attempts = 2;
    }
    void ask(std::uint16_t type = qtype::a, std::size_t first = 0) {
        question = std::make_unique<HostQuestion>(context, std::make_shared<const routing::ResolverSettings>(settings),
                                                  first, dns::Name::parse("host.test", true).name, type, now);
    }
    bool run_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + give_up;
        while (!done() && std::chrono::steady_clock::now() < end) io.run_one_until(end);
        return done();
    }
    const routing::QuestionOutcome& outcome() {
        REQUIRE(run_until([&] { return question->outcome().has_value(); }));
        return *question->outcome();
    }
    /// Whether the first nameserver's turn is over: without looking at the clock.
    bool moves_on() {
        const int before = ended;
        return run_until([&] { return ended > before; }) && !question->outcome();
    }
    void pass(std::uint64_t nanoseconds) { question->look(now += nanoseconds); }
};

std::string addresses(const routing::QuestionOutcome& outcome) {
    std::string text;
    for (const net::Address& address : outcome.answer.addresses) text += address.to_string() + " ";
    return text;
}

}  // namespace

TEST_CASE_METHOD(QuestionFixture, "the first nameserver's answer is the outcome", "[host_question]") {
    Nameserver one(io, finding(1)), other(io, finding(2));
    settings.nameservers = {one.endpoint(), other.endpoint()};
    ask();
    CHECK(outcome().answer.finding == AddressFinding::found);
    CHECK(addresses(outcome()) == "192.0.2.1 ");
    CHECK(outcome().answer.ttl == 60);
    CHECK_FALSE(outcome().silent);
    CHECK(question->good_nameserver() == 0);
    CHECK(ended == 1);
    CHECK(other.asked.empty());
    pass(100 * second);  // it is over
    CHECK(other.asked.empty());
}

TEST_CASE_METHOD(QuestionFixture, "who is to be asked first is, and the ones before it last", "[host_question]") {
    Nameserver one(io, finding(1)), other(io, rcode(2));
    settings.nameservers = {one.endpoint(), other.endpoint()};
    ask(qtype::a, 1);
    REQUIRE(moves_on());
    pass(0);
    CHECK(addresses(outcome()) == "192.0.2.1 ");
    CHECK(question->good_nameserver() == 0);
    CHECK(other.asked.size() == 1);
}

TEST_CASE_METHOD(QuestionFixture, "the question is plain: one name and type, RD and no EDNS", "[host_question]") {
    Nameserver one(io, finding(1));
    settings.nameservers = {one.endpoint()};
    ask(qtype::aaaa);
    REQUIRE(run_until([&] { return !one.asked.empty(); }));
    Octets expected = Packet::query("host.test", qtype::aaaa);
    std::copy_n(one.asked[0].begin(), 2, expected.begin());
    CHECK(one.asked[0] == expected);
}

TEST_CASE_METHOD(QuestionFixture, "NXDOMAIN and no address are answers, a failure is none", "[host_question]") {
    SECTION("NXDOMAIN") {
        Nameserver one(io, rcode(3)), other(io, finding(2));
        settings.nameservers = {one.endpoint(), other.endpoint()};
        ask();
        CHECK(outcome().answer.finding == AddressFinding::no_such_name);
        CHECK(other.asked.empty());
    }
    SECTION("no address of that family") {
        Nameserver one(io, rcode(0));
        settings.nameservers = {one.endpoint()};
        ask();
        CHECK(outcome().answer.finding == AddressFinding::no_address);
    }
    SECTION("all refuse, each as often as is asked") {
        Nameserver one(io, rcode(5)), other(io, rcode(2));
        settings.nameservers = {one.endpoint(), other.endpoint()};
        ask();
        for (int i = 0; i < 4; ++i) {
            REQUIRE(moves_on());
            pass(0);
        }
        CHECK(outcome().answer.finding == AddressFinding::failed);
        CHECK_FALSE(outcome().silent);
        CHECK(one.asked.size() == 2);
        CHECK(other.asked.size() == 2);
    }
}

TEST_CASE_METHOD(QuestionFixture, "a silent nameserver is left when its time is over", "[host_question]") {
    Nameserver one(io, silence), other(io, finding(2));
    settings.nameservers = {one.endpoint(), other.endpoint()};
    ask();
    REQUIRE(run_until([&] { return one.asked.size() == 1; }));
    pass(2 * second - 1);
    CHECK(ended == 0);
    pass(1);
    CHECK(addresses(outcome()) == "192.0.2.2 ");
    CHECK(question->good_nameserver() == 1);
    CHECK(one.asked.size() == 1);
}

TEST_CASE_METHOD(QuestionFixture, "where all are silent, that is the outcome, each time from another port",
                 "[host_question]") {
    Nameserver one(io, silence);
    settings.nameservers = {one.endpoint()};
    settings.attempts = 5;
    ask();
    for (std::size_t i = 1; i <= 5; ++i) {
        REQUIRE(run_until([&] { return one.asked.size() == i; }));
        CHECK_FALSE(question->outcome());
        pass(2 * second);
    }
    CHECK(outcome().answer.finding == AddressFinding::failed);
    CHECK(outcome().silent);
    CHECK(one.asked.size() == 5);
    std::set<Octets> ids;
    for (const Octets& query : one.asked) ids.insert(query.first(2));
    CHECK(ids.size() >= 3);  // drawn at random: two of five may be equal, hardly more
    CHECK(std::set<std::uint16_t>(one.ports.begin(), one.ports.end()).size() >= 3);
}

TEST_CASE_METHOD(QuestionFixture, "a question has an end, however many nameservers there are", "[host_question]") {
    Nameserver one(io, silence);
    settings.nameservers.assign(100, one.endpoint());
    settings.timeout = std::chrono::seconds(7);
    ask();
    for (int i = 0; i < 4; ++i) pass(7 * second);
    CHECK_FALSE(question->outcome());
    pass(7 * second);  // after 35 s
    CHECK(outcome().answer.finding == AddressFinding::failed);
    REQUIRE(run_until([&] { return one.asked.size() == 5; }));
}

TEST_CASE_METHOD(QuestionFixture, "where nobody listens the next one is asked without waiting", "[host_question]") {
    io::Fd held;
    Nameserver other(io, finding(2));
    settings.nameservers = {closed_port(held), other.endpoint()};
    ask();
    REQUIRE(moves_on());
    pass(0);
    CHECK(addresses(outcome()) == "192.0.2.2 ");
}

TEST_CASE_METHOD(QuestionFixture, "what answers another question is waited past", "[host_question]") {
    Nameserver one(io, [](const Octets& query) {
        Octets other_id = found(query, 6);
        other_id[0] = static_cast<std::uint8_t>(~other_id[0]);
        Octets other_name = found(query, 6);
        other_name[13] = 'x';
        Octets other_type = found(query, 6);
        other_type[query.size() - 3] = qtype::aaaa;
        return Replies{{}, {1, 2, 3}, query, other_id, other_name, other_type, found(query, 1)};
    });
    settings.nameservers = {one.endpoint()};
    ask();
    CHECK(addresses(outcome()) == "192.0.2.1 ");
}

TEST_CASE_METHOD(QuestionFixture, "what is cut comes over TCP, from the same nameserver", "[host_question]") {
    Nameserver one(io, [](const Octets& query) { return Replies{truncated(query)}; }, finding(1));
    Nameserver other(io, finding(2));
    settings.nameservers = {one.endpoint(), other.endpoint()};
    ask();
    CHECK(addresses(outcome()) == "192.0.2.1 ");
    CHECK(question->good_nameserver() == 0);
    CHECK(one.asked_by_tcp == 1);
    CHECK(other.asked.empty());
}

TEST_CASE_METHOD(QuestionFixture, "TCP that is silent is waited for no longer than UDP", "[host_question]") {
    Nameserver one(io, [](const Octets& query) { return Replies{truncated(query)}; });
    Nameserver other(io, finding(2));
    settings.nameservers = {one.endpoint(), other.endpoint()};
    ask();
    REQUIRE(run_until([&] { return one.asked_by_tcp == 1; }));
    pass(2 * second);  // from the first message to this nameserver
    CHECK(addresses(outcome()) == "192.0.2.2 ");
}

TEST_CASE_METHOD(QuestionFixture, "with `use-vc` nothing goes over UDP", "[host_question]") {
    io::Fd held;
    Nameserver one(io, finding(6), finding(1));
    settings.use_tcp = true;
    settings.nameservers = {closed_port(held), one.endpoint()};
    ask();
    REQUIRE(moves_on());  // refused
    pass(0);
    CHECK(addresses(outcome()) == "192.0.2.1 ");
    CHECK(one.asked.empty());
}

TEST_CASE_METHOD(QuestionFixture, "a question that is given up says nothing more", "[host_question]") {
    Nameserver one(io, silence);
    settings.nameservers = {one.endpoint()};
    ask();
    REQUIRE(run_until([&] { return one.asked.size() == 1; }));
    question.reset();
    io.poll();
    CHECK(ended == 0);
}

}  // namespace dproxy::test
