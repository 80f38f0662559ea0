// SPDX-License-Identifier: MIT
// The link over HTTPS against a server that sends frames as the test likes. What encrypts lets all bytes through.
#include "upstreams/https_stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "io/socket_address.hpp"
#include "io/tcp_listener.hpp"
#include "unit/http2/frames.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/limits.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using telemetry::Failure;
using test::frame;
namespace frame_type = test::frame_type;

namespace {

/// Open when a byte has come, which it eats.
class Clear final : public io::StreamFilter {
public:
    explicit Clear(std::string_view protocol) : protocol_(protocol) {}
    void take(dns::Bytes from_peer) override {
        if (std::exchange(state_, State::open) == State::opening) from_peer = from_peer.subspan(1);
        in_.insert(in_.end(), from_peer.begin(), from_peer.end());
    }
    std::size_t read(dns::MutableBytes room) override {
        const std::size_t count = std::min(room.size(), in_.size());
        std::copy_n(in_.begin(), count, room.begin());
        in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }
    void write(dns::Bytes meant) override { out_.insert(out_.end(), meant.begin(), meant.end()); }
    void finish() override {}
    void fetch(std::vector<std::uint8_t>& to_peer) override {
        to_peer.insert(to_peer.end(), out_.begin(), out_.end());
        out_.clear();
    }
    State state() const override { return state_; }
    io::FilterFault fault() const override { return io::FilterFault::none; }
    std::string_view fault_word() const override { return "none"; }
    std::string_view reason() const override { return {}; }
    bool is_resumed() const override { return false; }
    std::string_view protocol() const override { return protocol_; }
    std::size_t held_bytes() const override { return 0; }

private:
    std::string_view protocol_;
    State state_ = State::opening;
    std::vector<std::uint8_t> in_, out_;
};

struct ClearFilters final : io::PeerFilters, io::PeerFilterSource {
    std::string_view protocol;
    explicit ClearFilters(std::string_view which) : protocol(which) {}
    std::unique_ptr<io::StreamFilter> make() override { return std::make_unique<Clear>(protocol); }
    std::unique_ptr<io::PeerFilters> on_this_thread() const override {
        return std::make_unique<ClearFilters>(protocol);
    }
};

struct Trial {
    std::error_code error;
    io::Fd listening = io::listen_tcp({*net::Address::parse("127.0.0.1"), 0}, io::PortSharing::exclusive, error);
    std::string_view protocol = "h2";
    OneUpstream one;
    Upstream upstream;
    io::Fd server;
    std::vector<std::uint8_t> received;

    explicit Trial(std::string_view agreed = "h2")
        : protocol(agreed), one(io::bound_endpoint(listening.get())), upstream(one.context, spec()) {}

    UpstreamSpec spec() const {
        UpstreamSpec made = OneUpstream::spec(io::bound_endpoint(listening.get()), false);
        made.serial = 7;
        made.key.protocol = routing::Protocol::https;
        made.key.https_path = "/dns-query";
        made.filters = std::make_shared<const ClearFilters>(protocol);
        return made;
    }
    Attempt ask() {
        Attempt attempt;
        REQUIRE(upstream.send(one.query(), attempt, true, nullptr).sent == Sent::yes);
        return attempt;
    }
    void send(const test::Octets& bytes) {
        REQUIRE(::send(server.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }
    void open() {
        server = io::Fd(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        REQUIRE(server);
        send({'x'});
        send(test::server_beginning());
    }
    void read() {
        std::uint8_t bytes[4096];
        const ssize_t count = ::recv(server.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (count > 0) received.insert(received.end(), bytes, bytes + count);
    }
    bool has_received(std::uint8_t type) {
        read();
        constexpr std::size_t preface = 24;
        if (received.size() < preface) return false;
        const auto frames = test::frames_of(received, preface);
        return std::any_of(frames.begin(), frames.end(), [type](const auto& found) { return found.type == type; });
    }
    std::size_t reports() const { return one.context.reports.size(); }
    LinkReport report() {
        REQUIRE(reports() == 1);
        const LinkReport found = one.context.reports.back();
        one.context.reports.clear();
        return found;
    }
};

const test::Fields good = {{":status", "200"}, {"content-type", "application/dns-message"}};

test::Octets reply(std::uint32_t stream, unsigned id = 0) {
    const auto message = test::Packet::reply("a.test", test::qtype::a).id(static_cast<std::uint16_t>(id)).bytes();
    return test::headers(stream, 0, good) + frame(frame_type::data, test::end_stream, stream, message);
}

}  // namespace

TEST_CASE("a query is a request, and its reply comes under its ticket", "[https_stream]") {
    Trial trial;
    const Attempt attempt = trial.ask();
    trial.open();
    trial.one.run_until([&] { return trial.has_received(frame_type::data); });
    trial.send(reply(1));
    trial.one.run_until([&] { return !trial.one.events.replies.empty(); });
    CHECK(trial.one.events.replies[0].link == attempt.link);
    CHECK(trial.one.events.replies[0].ticket == attempt.ticket);
    CHECK(trial.one.counters.tls_handshakes[1][telemetry::Handshake::ok].value() == 1);
}

TEST_CASE("a reply with another ID, and one that does not fit, are the end of the attempt", "[https_stream]") {
    Trial trial;
    trial.one.events.fits = false;
    const unsigned id = GENERATE(0u, 0x1234u);
    const Attempt attempt = trial.ask();
    trial.open();
    trial.one.run_until([&] { return trial.has_received(frame_type::data); });
    trial.send(reply(1, id));
    trial.one.run_until([&] { return trial.reports() > 0; });
    const LinkReport told = trial.report();
    CHECK(told.kind == LinkReport::Kind::failed);
    CHECK(told.failure == Failure::mismatch);
    CHECK(trial.one.events.replies.size() == (id == 0 ? 1u : 0u));
    attempt.link->release(attempt.ticket);
}

TEST_CASE("what the server did not look at is unheard, and nothing more goes that way", "[https_stream]") {
    Trial trial;
    const Attempt attempt = trial.ask();
    trial.open();
    trial.one.run_until([&] { return trial.has_received(frame_type::data); });
    const bool leaves = GENERATE(false, true);
    trial.send(leaves ? frame(frame_type::goaway, 0, 0, test::u32(0) + test::u32(0))
                      : frame(frame_type::rst_stream, 0, 1, test::u32(7)));
    trial.one.run_until([&] { return trial.reports() > 0; });
    const LinkReport told = trial.report();
    CHECK(told.kind == LinkReport::Kind::unheard);
    CHECK(told.ticket == attempt.ticket);
    CHECK(static_cast<StreamLink*>(attempt.link)->is_draining());
    attempt.link->release(attempt.ticket);
}

TEST_CASE("a request that is reset fails alone, and the reason is told once", "[https_stream]") {
    Trial trial;
    const Attempt first = trial.ask();
    const Attempt second = trial.ask();
    CHECK(first.link == second.link);
    trial.open();
    trial.one.run_until([&] { return trial.has_received(frame_type::data); });
    trial.send(frame(frame_type::rst_stream, 0, 1, test::u32(2)));
    trial.one.run_until([&] { return trial.reports() > 0; });
    CHECK(trial.report().failure == Failure::http);
    trial.send(frame(frame_type::rst_stream, 0, 3, test::u32(2)));
    trial.one.run_until([&] { return trial.reports() > 0; });
    CHECK(trial.report().ticket == second.ticket);
    REQUIRE(trial.one.context.encryption_failures.size() == 1);
    CHECK(trial.one.context.encryption_failures[0].reason == "reset: a request ended without a reply");
    first.link->release(first.ticket);
    second.link->release(second.ticket);
}

TEST_CASE("a server that does not speak HTTP/2 is not asked, nor tried again at once", "[https_stream]") {
    Trial trial("");
    const Attempt attempt = trial.ask();
    trial.open();
    trial.one.run_until([&] { return trial.reports() > 0; });
    const LinkReport told = trial.report();
    CHECK(told.kind == LinkReport::Kind::failed);
    CHECK(told.failure == Failure::http);
    REQUIRE(trial.one.context.encryption_failures.size() == 1);
    CHECK(trial.one.context.encryption_failures[0].reason == HttpsChannel::not_agreed);
    attempt.link->release(attempt.ticket);
    Attempt next;
    const Sending at_once = trial.upstream.send(trial.one.query(), next, true, nullptr);
    CHECK(at_once.sent == Sent::no);
    CHECK(at_once.failure == Failure::http);
    CHECK_FALSE(trial.has_received(frame_type::headers));
}

TEST_CASE("nonsense ends the connection, and what lay on it has failed", "[https_stream]") {
    Trial trial;
    const Attempt attempt = trial.ask();
    trial.open();
    trial.one.run_until([&] { return trial.has_received(frame_type::data); });
    trial.send(frame(frame_type::settings, test::ack, 0, {'x'}));
    trial.one.run_until([&] { return trial.reports() > 0; });
    CHECK(trial.report().failure == Failure::http);
    CHECK(trial.one.context.encryption_failures.at(0).reason == "http: against the rules of HTTP/2");
    CHECK(trial.one.counters.tcp_connections[telemetry::Side::upstream].value() == 0);
    attempt.link->release(attempt.ticket);
}

TEST_CASE("what was given up is still waited for, until it is too many", "[https_stream]") {
    Trial trial;
    std::vector<Attempt> attempts;
    for (std::size_t count = 0; count < queries_per_stream; ++count) attempts.push_back(trial.ask());
    trial.open();
    trial.one.run_until([&] { return trial.has_received(frame_type::data); });
    trial.send(reply(1));
    trial.one.run_until([&] { return !trial.one.events.replies.empty(); });
    for (std::size_t more = 0; more < 2; ++more) attempts.push_back(trial.ask());
    CHECK(attempts.back().link == attempts.front().link);
    for (std::size_t index = 1; index <= streams_left_open; ++index) {
        attempts[index].link->give_up(attempts[index].ticket, 0);
    }
    attempts.back().link->give_up(attempts.back().ticket, 0);
    trial.one.run_until([&] { return trial.has_received(frame_type::rst_stream); });
    const auto frames = test::frames_of(trial.received, 24);
    CHECK(std::count_if(frames.begin(), frames.end(),
                        [](const auto& found) { return found.type == frame_type::rst_stream; }) == 1);
}

TEST_CASE("the server is told that a connection of ours ends", "[https_stream]") {
    auto trial = std::make_unique<Trial>();
    trial->ask();
    trial->open();
    trial->one.run_until([&] { return trial->has_received(frame_type::data); });
    trial->send(reply(1));
    trial->one.run_until([&] { return !trial->one.events.replies.empty(); });
    SECTION("it has been idle for long") {
        trial->one.context.now_ns += encrypted_idle_ns + 1;
        trial->upstream.maintain();
        CHECK(trial->has_received(frame_type::goaway));
        CHECK(test::error_of(trial->received, frame_type::goaway, 24) == 0);
    }
    SECTION("its upstream goes") {
        const io::Fd server = std::move(trial->server);
        trial = nullptr;
        std::uint8_t bytes[4096];
        const ssize_t count = ::recv(server.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        REQUIRE(count > 0);
        CHECK(test::error_of({bytes, bytes + count}, frame_type::goaway) == 0);
    }
}

TEST_CASE("whom a request is for", "[https_stream]") {
    routing::UpstreamKey key;
    key.endpoint = *net::Endpoint::parse("[2001:db8::1]:443", 0);
    key.https_path = "/q";
    CHECK(resource_of(key).authority == "[2001:db8::1]");
    CHECK(resource_of(key).path == "/q");
    key.endpoint = *net::Endpoint::parse("192.0.2.1:8443", 0);
    CHECK(resource_of(key).authority == "192.0.2.1:8443");
    key.tls.name = "dns.example";
    CHECK(resource_of(key).authority == "dns.example:8443");
}
