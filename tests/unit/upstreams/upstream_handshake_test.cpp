// SPDX-License-Identifier: MIT
#include "upstreams/upstream_handshake.hpp"

#include <cerrno>

#include "catch.hpp"

using namespace dproxy;
using proxy::UpstreamHandshake;
using telemetry::Failure;
using telemetry::Handshake;
using telemetry::Side;

namespace {

/// Says what it is told to.
struct Saying final : io::StreamFilter {
    io::FilterFault why = io::FilterFault::none;
    bool resumed = false;

    void take(dns::Bytes) override {}
    std::size_t read(dns::MutableBytes) override { return 0; }
    void write(dns::Bytes) override {}
    void finish() override {}
    void fetch(std::vector<std::uint8_t>&) override {}
    State state() const override { return State::opening; }
    io::FilterFault fault() const override { return why; }
    std::string_view fault_word() const override { return "expired"; }
    std::string_view reason() const override { return "its certificate"; }
    bool is_resumed() const override { return resumed; }
    std::string_view protocol() const override { return {}; }
    std::size_t held_bytes() const override { return 0; }
};

struct Counted {
    telemetry::WorkerCounters counters{telemetry::first_route_slot, telemetry::first_upstream_slot};
    Saying filter{};

    std::uint64_t ended(Handshake how) const {
        return counters.tls_handshakes[static_cast<std::size_t>(Side::upstream)][how].value();
    }
    std::uint64_t all() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < telemetry::count_of<Handshake>; ++i) sum += ended(static_cast<Handshake>(i));
        return sum;
    }
    std::uint64_t under_way() const { return counters.tls_handshaking[Side::upstream].value(); }
};

const std::error_code refused{ECONNREFUSED, std::generic_category()};

}  // namespace

TEST_CASE("a connection that is not encrypted has no handshake, and an end all the same", "[upstream_handshake]") {
    Counted counted;
    {
        UpstreamHandshake none(counted.counters, nullptr);
        CHECK_FALSE(none.is_encrypted());
        CHECK(none.ended(io::StreamEnd::failed, refused, false) == Failure::refused);
        none.opened();
        CHECK(none.ended(io::StreamEnd::bad_length, {}, true) == Failure::malformed);
        CHECK(none.ended(io::StreamEnd::peer_closed, {}, true) == Failure::closed);
    }
    CHECK(counted.all() == 0);
    CHECK(counted.under_way() == 0);
}

TEST_CASE("a handshake is under way until it ends, and is counted once", "[upstream_handshake]") {
    Counted counted;
    counted.filter.resumed = true;
    {
        UpstreamHandshake good(counted.counters, &counted.filter);
        CHECK(counted.under_way() == 1);
        good.opened();
        CHECK(counted.under_way() == 0);
        CHECK(counted.ended(Handshake::ok) == 1);
        CHECK(counted.counters.tls_resumptions[Side::upstream].value() == 1);
        CHECK(good.ended(io::StreamEnd::peer_closed, {}, true) == Failure::closed);
        good.given_up(true);
    }
    CHECK(counted.all() == 1);
}

TEST_CASE("why a handshake failed is said, a word first", "[upstream_handshake]") {
    Counted counted;
    UpstreamHandshake bad(counted.counters, &counted.filter);
    counted.filter.why = io::FilterFault::peer_certificate;
    CHECK(bad.ended(io::StreamEnd::filter, {}, true) == Failure::tls);
    CHECK(bad.fault() == "expired: its certificate");
    CHECK(bad.would_fail_again());
    CHECK(counted.ended(Handshake::peer_certificate) == 1);
    UpstreamHandshake closed(counted.counters, &counted.filter);
    counted.filter.why = io::FilterFault::none;
    CHECK(closed.ended(io::StreamEnd::filter, {}, true) == Failure::tls);
    CHECK(closed.fault() == "closed: within the handshake");
    CHECK_FALSE(closed.would_fail_again());
    CHECK(counted.ended(Handshake::closed) == 1);
    CHECK(counted.under_way() == 0);
}

TEST_CASE("what never came to a handshake is none", "[upstream_handshake]") {
    Counted counted;
    {
        UpstreamHandshake unconnected(counted.counters, &counted.filter);
        CHECK(unconnected.ended(io::StreamEnd::failed, refused, false) == Failure::refused);
        const UpstreamHandshake forgotten(counted.counters, &counted.filter);
    }
    CHECK(counted.all() == 0);
    CHECK(counted.under_way() == 0);
    UpstreamHandshake silent(counted.counters, &counted.filter);
    silent.given_up(true);
    UpstreamHandshake reset(counted.counters, &counted.filter);
    CHECK(reset.ended(io::StreamEnd::failed, {ECONNRESET, std::generic_category()}, true) == Failure::refused);
    CHECK(counted.ended(Handshake::timeout) == 1);
    CHECK(counted.ended(Handshake::closed) == 1);
    CHECK(counted.under_way() == 0);
}

TEST_CASE("an encrypted connection may fail after it was open", "[upstream_handshake]") {
    Counted counted;
    UpstreamHandshake late(counted.counters, &counted.filter);
    late.opened();
    counted.filter.why = io::FilterFault::alert;
    CHECK(late.ended(io::StreamEnd::filter, {}, true) == Failure::tls);
    CHECK(late.fault() == "expired: its certificate");
    CHECK(counted.all() == 1);
}
