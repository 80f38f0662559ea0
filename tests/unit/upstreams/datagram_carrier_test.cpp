// SPDX-License-Identifier: MIT
#include "upstreams/datagram_carrier.hpp"

#include <algorithm>
#include <set>

#include "catch.hpp"
#include "io/udp_socket.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/upstream_socket.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using io::second_ns;

namespace {

/// Nothing comes back: the loop never runs.
struct Trial : OneUpstream {
    DatagramCarrier carrier{upstream, context};

    Trial() : OneUpstream(*net::Endpoint::parse("127.0.0.1", 9)) {}

    Attempt sent(Link* avoid = nullptr) {
        Attempt attempt;
        REQUIRE(carrier.send(query(), attempt, avoid).sent == Sent::yes);
        return attempt;
    }
    /// In the next turn of sockets.
    Attempt sent_next() {
        context.now_ns += socket_turn_ns;
        return sent();
    }
    void end(const Attempt& attempt) { attempt.link->release(attempt.ticket); }
    std::set<Link*> links_of(std::size_t count) {
        std::set<Link*> links;
        for (std::size_t i = 0; i < count; ++i) links.insert(sent_next().link);
        return links;
    }
};

}  // namespace

TEST_CASE("queries of one millisecond leave by one socket, and those of the next by another", "[datagram_carrier]") {
    Trial trial;
    const Attempt first = trial.sent();
    trial.context.now_ns += socket_turn_ns - 1;
    CHECK(trial.sent().link == first.link);
    trial.context.now_ns += 1;
    CHECK(trial.sent().link != first.link);
    CHECK(trial.links_of(20).size() == usual_sockets);
}

TEST_CASE("another socket than one that brought nothing is taken", "[datagram_carrier]") {
    Trial trial;
    trial.links_of(usual_sockets);
    Link* const avoided = trial.sent().link;
    Link* const other = trial.sent(avoided).link;
    CHECK(other != avoided);
    CHECK_FALSE(other->is_suspect());
    CHECK(trial.sent().link == avoided);
}

TEST_CASE("one socket is better than none", "[datagram_carrier]") {
    Trial trial;
    Link* const only = trial.sent().link;
    CHECK(trial.sent(only).link == only);
}

TEST_CASE("nothing new leaves by a socket that is suspect, and another takes its place", "[datagram_carrier]") {
    Trial trial;
    const auto links = trial.links_of(usual_sockets);
    Link* const suspect = trial.sent().link;
    suspect->suspect();
    CHECK(trial.sent().link != suspect);
    const auto later = trial.links_of(3 * usual_sockets);
    CHECK_FALSE(later.contains(suspect));
    CHECK(later.size() == usual_sockets);
}

TEST_CASE("a suspect socket by which something comes after all stays", "[datagram_carrier]") {
    Trial trial;
    const auto links = trial.links_of(usual_sockets);
    Link* const suspect = trial.sent().link;
    suspect->suspect();
    CHECK(trial.sent().link != suspect);
    suspect->heard(trial.context.now_ns);
    CHECK(trial.links_of(3 * usual_sockets) == links);
}

TEST_CASE("few sockets are replaced in a second, however many are suspect", "[datagram_carrier]") {
    Trial trial;
    trial.links_of(usual_sockets);
    std::set<Link*> seen;
    for (int i = 0; i < 100; ++i) {
        Link* const link = trial.sent_next().link;
        link->suspect();
        seen.insert(link);
    }
    CHECK(seen.size() == 2 * usual_sockets);
    trial.context.now_ns += replace_interval_ns;
    for (int i = 0; i < 100; ++i) {
        Link* const link = trial.sent_next().link;
        link->suspect();
        seen.insert(link);
    }
    CHECK(seen.size() == 3 * usual_sockets);
}

TEST_CASE("when nothing comes from the upstream all sockets are replaced at once", "[datagram_carrier]") {
    Trial trial;
    const auto before = trial.links_of(usual_sockets);
    trial.carrier.replace_all();
    const auto after = trial.links_of(3 * usual_sockets);
    CHECK(after.size() == usual_sockets);
    for (Link* link : after) CHECK_FALSE(before.contains(link));
    trial.carrier.replace_all();  // once in a second
    CHECK(trial.links_of(3 * usual_sockets) == after);
}

TEST_CASE("a socket is replaced by age", "[datagram_carrier]") {
    Trial trial;
    const auto young = trial.links_of(usual_sockets);
    trial.context.now_ns += socket_age_ns + socket_age_jitter_ns;
    const auto later = trial.links_of(3 * usual_sockets);
    CHECK(later.size() == usual_sockets);
    for (Link* link : later) CHECK_FALSE(young.contains(link));
}

TEST_CASE("a socket that was replaced is there until its queries have ended and late replies have come",
          "[datagram_carrier]") {
    Trial trial;
    const Attempt waiting = trial.sent();
    trial.carrier.replace_all();
    trial.context.now_ns += 10 * late_reply_ns;
    trial.carrier.maintain();
    CHECK(waiting.link->waiting().size() == 1);
    trial.end(waiting);
    trial.context.now_ns += late_reply_ns;
    trial.carrier.maintain();
    CHECK(waiting.link->waiting().empty());  // it is still read
    trial.context.reports.push_back(
        {LinkReport::Kind::doubted, telemetry::Failure::refused, 0, no_query, waiting.link});
    trial.context.now_ns += 1;
    trial.carrier.maintain();
    CHECK(trial.context.reports.empty());  // it went, and took along what it had to say
}

TEST_CASE("when IDs run short more sockets are opened", "[datagram_carrier]") {
    Trial trial;
    std::set<Link*> links;
    Attempt attempt;
    const QueryIndex query = trial.query();  // one that is never released takes all IDs there are
    for (std::size_t count = 0; links.size() <= usual_sockets; ++count) {
        REQUIRE(count < 2 * usual_sockets * IdTable::places);
        REQUIRE(trial.carrier.send(query, attempt, nullptr).sent == Sent::yes);
        links.insert(attempt.link);
    }
}
