// SPDX-License-Identifier: MIT
// Encrypted connections towards an upstream: opened ahead, replaced before they end, not tried again at once. What
// encrypts is easy to see through: it is open when something comes, and fails when that is an exclamation mark.
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <vector>

#include "catch.hpp"
#include "io/tcp_listener.hpp"
#include "queries/limits.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/upstream.hpp"
#include "upstreams/upstream_stream.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

class Simple final : public io::StreamFilter {
public:
    void take(dns::Bytes from_peer) override {
        for (const std::uint8_t byte : from_peer) state_ = byte == '!' ? State::failed : State::open;
    }
    std::size_t read(dns::MutableBytes) override { return 0; }
    void write(dns::Bytes) override {}
    void finish() override {}
    void fetch(std::vector<std::uint8_t>&) override {}
    State state() const override { return state_; }
    io::FilterFault fault() const override {
        return state_ == State::failed ? io::FilterFault::peer_certificate : io::FilterFault::none;
    }
    std::string_view fault_word() const override { return "expired"; }
    std::string_view reason() const override { return "long ago"; }
    bool is_resumed() const override { return false; }
    std::string_view protocol() const override { return {}; }
    std::size_t held_bytes() const override { return 0; }

private:
    State state_ = State::opening;
};

struct SimpleFilters final : io::PeerFilters, io::PeerFilterSource {
    std::unique_ptr<io::StreamFilter> make() override { return std::make_unique<Simple>(); }
    std::unique_ptr<io::PeerFilters> on_this_thread() const override { return std::make_unique<SimpleFilters>(); }
};

struct Trial {
    std::error_code error;
    io::Fd listening = io::listen_tcp({*net::Address::parse("127.0.0.1"), 0}, io::PortSharing::exclusive, error);
    boost::asio::io_context loop;
    telemetry::WorkerCounters counters{telemetry::first_route_slot, telemetry::first_upstream_slot};
    InFlightTable queries{64};
    KeptEvents events;
    UpstreamContext context{loop, queries, counters, events};
    std::unique_ptr<Upstream> upstream;
    std::vector<io::Fd> accepted;

    explicit Trial(bool proxy_protocol = false, std::shared_ptr<const io::PeerFilterSource> filters =
                                                    std::make_shared<const SimpleFilters>()) {
        context.now_ns = second_ns;
        UpstreamSpec spec;
        spec.serial = 7;
        spec.key.endpoint = io::bound_endpoint(listening.get());
        spec.key.protocol = routing::Protocol::tls;
        spec.key.proxy_protocol = proxy_protocol;
        spec.health = std::make_shared<UpstreamHealth>();
        spec.filters = std::move(filters);
        upstream = std::make_unique<Upstream>(context, spec);
    }

    void run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        events.may_come = true;
        bool is_done = done();
        while (!is_done && std::chrono::steady_clock::now() < deadline) {
            loop.restart();
            loop.run_one_for(std::chrono::milliseconds(10));
            is_done = done();
        }
        events.may_come = false;
        REQUIRE(is_done);
    }
    std::uint64_t connections() const { return counters.tcp_connections[telemetry::Side::upstream].value(); }
    std::uint64_t ended(telemetry::Handshake how) const {
        return counters.tls_handshakes[static_cast<std::size_t>(telemetry::Side::upstream)][how].value();
    }
    /// The connection that comes next is accepted and sent a sign.
    void greet(char sign) {
        run_until([this] {
            const int fd = ::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) accepted.emplace_back(fd);
            return fd >= 0;
        });
        REQUIRE(::send(accepted.back().get(), &sign, 1, 0) == 1);
    }
    void open_next() {
        const std::uint64_t before = ended(telemetry::Handshake::ok);
        greet('H');
        run_until([&] { return ended(telemetry::Handshake::ok) > before; });
    }
    void pass(std::uint64_t nanoseconds) {
        context.now_ns += nanoseconds;
        context.ahead_left = max_opened_ahead;
        upstream->maintain();
    }
    Sending send(Attempt& attempt) {
        const QueryIndex index = queries.take(std::vector<std::uint8_t>(40));
        REQUIRE(index != no_query);
        return upstream->send(index, attempt, true, nullptr);
    }
    /// A query that has come to its end; by which link it went.
    Link* use() {
        Attempt attempt;
        REQUIRE(send(attempt).sent == Sent::yes);
        attempt.link->release(attempt.ticket);
        return attempt.link;
    }
};

}  // namespace

TEST_CASE("the first encrypted connection is opened before anybody asks", "[encrypted_streams]") {
    Trial trial;
    trial.pass(0);
    CHECK(trial.connections() == 1);
    trial.pass(second_ns);
    CHECK(trial.connections() == 1);
    trial.open_next();
    trial.use();
    CHECK(trial.connections() == 1);
}

TEST_CASE("connections that nobody asked for are few in a second", "[encrypted_streams]") {
    Trial trial;
    trial.context.ahead_left = 0;
    trial.upstream->maintain();
    CHECK(trial.connections() == 0);
    trial.pass(second_ns);
    CHECK(trial.connections() == 1);
    CHECK(trial.context.ahead_left == max_opened_ahead - 1);
}

TEST_CASE("nothing is opened ahead where connections are one client's, or descriptors are few", "[encrypted_streams]") {
    Trial of_clients(true);
    of_clients.pass(0);
    CHECK(of_clients.connections() == 0);
    Trial poor;
    poor.context.first_reserved_descriptor = 0;
    poor.pass(0);
    CHECK(poor.connections() == 0);
    poor.use();  // one is always to be had
    CHECK(poor.connections() == 1);
}

TEST_CASE("one that is in use is replaced when it is old, and left when the other is open", "[encrypted_streams]") {
    Trial trial;
    trial.pass(0);
    trial.open_next();
    Link* const first = trial.use();
    // Its life is drawn: 50 to 70 s. The one opened then is greeted at once, as it has not long for its handshake.
    for (unsigned tens = 0; tens < 7 && trial.connections() == 1; ++tens) {
        CHECK(trial.use() == first);
        trial.pass(10 * second_ns);
    }
    REQUIRE(trial.connections() == 2);
    CHECK(trial.use() == first);
    trial.open_next();
    trial.pass(second_ns);
    CHECK(trial.use() != first);
    trial.pass(second_ns);
    CHECK(trial.connections() == 1);
}

TEST_CASE("one that is not in use is closed and not replaced", "[encrypted_streams]") {
    Trial trial;
    trial.pass(0);
    trial.open_next();
    trial.use();
    trial.pass(encrypted_idle_ns);
    CHECK(trial.connections() == 1);
    trial.pass(second_ns);
    CHECK(trial.connections() == 0);
    trial.pass(100 * second_ns);
    CHECK(trial.connections() == 0);
}

TEST_CASE("a handshake that nobody waits for has its time", "[encrypted_streams]") {
    Trial trial;
    trial.pass(0);
    trial.greet('H');  // unheard: the loop does not run on
    trial.pass(handshake_patience_ns + 1);
    CHECK(trial.connections() == 0);
    trial.pass(second_ns);
    CHECK(trial.connections() == 0);
    trial.pass(ahead_interval_ns);
    CHECK(trial.connections() == 1);
}

TEST_CASE("after a handshake that failed none is tried for a moment, and the reason is told", "[encrypted_streams]") {
    Trial trial;
    Attempt attempt;
    REQUIRE(trial.send(attempt).sent == Sent::yes);
    trial.greet('!');
    trial.run_until([&] { return trial.ended(telemetry::Handshake::peer_certificate) == 1; });
    REQUIRE(trial.context.encryption_failures.size() == 1);
    CHECK(trial.context.encryption_failures[0].serial == 7);
    CHECK(trial.context.encryption_failures[0].reason == "expired: long ago");
    Attempt second;
    const Sending at_once = trial.send(second);
    CHECK(at_once.sent == Sent::no);
    CHECK(at_once.failure == telemetry::Failure::tls);
    trial.context.now_ns += handshake_pause_ns;
    CHECK(trial.send(second).sent == Sent::yes);
    attempt.link->release(attempt.ticket);
    trial.context.reports.clear();
}

TEST_CASE("where there is nothing to encrypt by, nothing is sent", "[encrypted_streams]") {
    Trial trial(false, nullptr);
    Attempt attempt;
    CHECK(trial.send(attempt).sent == Sent::no);
    trial.pass(0);
    CHECK(trial.connections() == 0);
    CHECK(trial.upstream->transport(true) == telemetry::UpstreamTransport::tls);
}
