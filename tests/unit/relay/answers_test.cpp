// SPDX-License-Identifier: MIT
#include "relay/answers.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <string>

#include "catch.hpp"
#include "dns/reply.hpp"
#include "io/socket_address.hpp"
#include "support/packets.hpp"
#include "unit/relay/one_worker.hpp"

namespace dproxy::proxy {

namespace {

using telemetry::Drop;
using telemetry::RcodeLabel;
using telemetry::Rejection;
using telemetry::Source;
using test::Octets;
using test::Packet;

constexpr std::uint16_t own_id = 0x4321;
constexpr telemetry::Slot slot = 2;
const Octets cookie = test::option(10, Octets(8, 5));

/// A client that has asked over UDP, and what it is sent.
struct Trial {
    boost::asio::io_context loop;
    telemetry::WorkerCounters counters{4, 4};
    WorkerOptions options;
    TcpLimits limits{10, 10};
    io::ReceiveBatch received;
    ClientSides clients{loop, counters, options, limits, received};
    OwnHop hop{options.cookie_secrets, options.tcp_idle_ns};
    std::uint64_t now_ns = 5'000'000;
    std::shared_ptr<const Publication> publication;
    QueryRecords records{nullptr, 0, 0, publication, counters.query_log_dropped};
    dnstap::Tap tap;
    ClientTap client_tap{tap, clients, publication};
    QueryTrace trace{nullptr, 0, publication, counters.trace_dropped, now_ns};
    Answers answers{clients, counters, hop, records, client_tap, trace, now_ns};
    net::Endpoint listens_at, asks_from;
    io::Fd asking = loopback(asks_from);
    Octets message;
    InFlight entry;

    explicit Trial(const Octets& query) : message(query) {
        clients.listen(Transport::udp, loopback(listens_at));
        entry.client.source = io::SocketAddress(asks_from);
        entry.query = dns::read_query(message);
        entry.client_id = own_id;
        entry.route_slot = slot;
        entry.started_ns = 1'000'000;
    }

    /// What has left; empty where nothing has.
    Octets sent() {
        clients.flush();
        answers.forget_kept();
        Octets bytes(dns::max_udp_payload);
        const ssize_t length = ::recv(asking.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        return length < 0 ? Octets() : bytes.first(static_cast<std::size_t>(length));
    }
    Octets replied(Octets reply, bool by_stream = false) {
        answers.replied(entry, message, {reply, by_stream});
        return sent();
    }
    Octets judged(const Verdict& verdict) {
        answers.judged(owed_for(entry), message, verdict);
        return sent();
    }
    std::uint64_t responses(RcodeLabel rcode, Source source) {
        return counters.responses[0][static_cast<std::size_t>(rcode)][source].value();
    }
};

Packet query() { return Packet::query("a.test", test::qtype::txt).id(own_id); }

/// With a TXT record for every 200 bytes.
Packet reply(std::size_t records) {
    Packet packet = Packet::reply("a.test", test::qtype::txt).id(7);
    for (std::size_t i = 0; i < records; ++i) packet.answer("a.test", test::qtype::txt, Octets(187, std::uint8_t{1}));
    return packet;
}

bool is_truncated(const Octets& message) { return (message[2] & 0x02) != 0; }

}  // namespace

TEST_CASE("a reply goes to its client as it came, under the client's ID", "[answers]") {
    Trial trial(query());
    CHECK(trial.replied(reply(1)) == reply(1).id(own_id).bytes());
    CHECK(trial.responses(RcodeLabel::noerror, Source::upstream) == 1);
    CHECK(trial.counters.route(slot).responses[RcodeLabel::noerror].value() == 1);
    CHECK(trial.counters.dropped[Drop::client_gone].value() == 0);
}

TEST_CASE("a reply is cut to what the client takes, and to what goes unfragmented where it came by a stream",
          "[answers]") {
    const Octets large = reply(8).bytes();
    REQUIRE(large.size() > dns::safe_udp_size);
    SECTION("512 bytes without EDNS") {
        const Octets cut = Trial(query()).replied(reply(3));
        CHECK(is_truncated(cut));
        CHECK(cut.size() <= 512);
    }
    SECTION("all of it") { CHECK(Trial(query().edns(4096)).replied(large).size() == large.size()); }
    SECTION("1232 bytes of a stream") {
        const Octets cut = Trial(query().edns(4096)).replied(large, true);
        CHECK(is_truncated(cut));
        CHECK(cut.size() <= dns::safe_udp_size);
    }
}

TEST_CASE("what was added to a query is taken out of its reply", "[answers]") {
    Trial trial(query());
    Octets with = reply(1).edns(1232).bytes();
    trial.answers.replied(trial.entry, trial.message, {with, false, dns::AddedSubnet::opt});
    CHECK(trial.sent() == reply(1).id(own_id).bytes());
}

TEST_CASE("a client that sent a cookie has one in each answer", "[answers]") {
    Trial trial(query().edns(1232, cookie));
    const std::size_t full = cookie.size() + dns::server_cookie_length;
    SECTION("of an upstream with an OPT") {
        CHECK(trial.replied(reply(1).edns(1232)).size() == reply(1).edns(1232).bytes().size() + full);
    }
    SECTION("of one without") {
        CHECK(trial.replied(reply(1)).size() == reply(1).edns(1232).bytes().size() + full);
    }
    SECTION("of our own") {
        const Octets own = trial.judged(refuse(Rejection::not_allowed));
        CHECK(std::search(own.begin(), own.end(), cookie.begin() + 4, cookie.end()) != own.end());
    }
    SECTION("in a cut one too") {
        const Octets cut = trial.replied(reply(8));
        CHECK(is_truncated(cut));
        CHECK(std::search(cut.begin(), cut.end(), cookie.begin() + 4, cookie.end()) != cut.end());
    }
    SECTION("not where the upstream knows no EDNS") {
        const Octets denies = Packet::reply("a.test", test::qtype::txt).id(7).rcode(1).bytes();
        CHECK(trial.replied(denies).size() == denies.size());
    }
}

TEST_CASE("an answer with options that outgrows its room is kept until it has left", "[answers]") {
    Trial trial(query().edns(65535, cookie));
    const Octets large = reply(40).bytes();
    CHECK(trial.replied(large).size() > large.size());
}

TEST_CASE("a kept reply stays until it has left", "[answers]") {
    Trial trial(query());
    auto kept = std::make_unique<StoredReply>();
    kept->message = reply(1).bytes();
    trial.answers.expect_kept_reply();
    const ReplyAtHand at_hand{kept->message};
    trial.answers.keep(std::move(kept));
    trial.answers.replied(trial.entry, trial.message, at_hand);
    CHECK(trial.sent() == reply(1).id(own_id).bytes());
}

TEST_CASE("an answer of our own counts as one, with its reason", "[answers]") {
    Trial trial(query().edns(1232));
    const Octets answer = trial.judged(fail(Rejection::no_upstream, dns::ExtendedError::no_reachable_authority));
    CHECK(dns::rcode_of(answer) == 2);
    CHECK(dns::id_of(answer) == own_id);
    CHECK(trial.responses(RcodeLabel::servfail, Source::local) == 1);
    CHECK(trial.counters.rejected[Rejection::no_upstream].value() == 1);
    CHECK(trial.counters.duration[0].bucket(telemetry::DurationHistogram::bucket_count - 1) == 0);
}

TEST_CASE("the words of a refusal are for those who are where they say", "[answers]") {
    Trial stranger(query().edns(1232));
    Trial known(query().edns(1232));
    known.entry.client.has_cookie = true;
    const Verdict refusal = refuse(Rejection::not_allowed);
    CHECK(stranger.judged(refusal).size() < known.judged(refusal).size());
}

TEST_CASE("where nothing is said, that counts", "[answers]") {
    Trial trial(query());
    Verdict silence;
    silence.drop = Drop::route_answer;
    CHECK(trial.judged(silence).empty());
    CHECK(trial.counters.dropped[Drop::route_answer].value() == 1);
}

TEST_CASE("of a zone transfer the first message counts, and has the options", "[answers]") {
    Trial trial(query().edns(65535, cookie));
    Octets message = reply(1).id(own_id).bytes();
    trial.answers.transferred(owed_for(trial.entry), trial.message, true, message);
    CHECK(trial.sent().size() > message.size());
    trial.answers.transferred(owed_for(trial.entry), trial.message, false, message);
    CHECK(trial.sent() == message);
    CHECK(trial.responses(RcodeLabel::noerror, Source::upstream) == 1);
}

TEST_CASE("an answer to a client that is gone counts as dropped", "[answers]") {
    Trial trial(query());
    trial.entry.client.transport = Transport::tcp;
    trial.entry.client.serial = 99;
    CHECK(trial.replied(reply(1)).empty());
    CHECK(trial.counters.dropped[Drop::client_gone].value() == 1);
}

}  // namespace dproxy::proxy
