// SPDX-License-Identifier: MIT
#include "upstreams/link.hpp"

#include "catch.hpp"
#include "dns/query.hpp"
#include "unit/upstreams/one_upstream.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

struct SomeLink final : Link {
    static constexpr LinkTraits of_kind{.most_at_once = 7};
    std::vector<Ticket> released;

    explicit SomeLink(Upstream& upstream) : Link(upstream, of_kind) {}
    int descriptor() const override { return -1; }
    void release(Ticket ticket) override { released.push_back(ticket); }
    std::vector<QueryIndex> waiting() const override { return {}; }
    using Link::take_late;
};

struct Trial : OneUpstream {
    SomeLink link{upstream};
    Trial() : OneUpstream(*net::Endpoint::parse("192.0.2.1", 53)) {}
};

std::uint32_t hash_of(const test::Octets& message) {
    dns::Question question;
    REQUIRE(dns::read_question(message, question) == dns::QuestionFault::none);
    return hash_of_question(message, question);
}

}  // namespace

TEST_CASE("what is so of all links of a kind is data", "[link]") {
    Trial trial;
    CHECK_FALSE(trial.link.traits().is_stream);
    CHECK(trial.link.traits().most_at_once == 7);
    CHECK(&trial.link.upstream() == &trial.upstream);
}

TEST_CASE("a link is suspect until something is heard by it", "[link]") {
    Trial trial;
    CHECK_FALSE(trial.link.is_suspect());
    trial.link.suspect();
    CHECK(trial.link.is_suspect());
    trial.link.heard(5);
    CHECK_FALSE(trial.link.is_suspect());
}

TEST_CASE("the second time-out in a row says that the way may be gone", "[link]") {
    Trial trial;
    CHECK_FALSE(trial.link.timed_out(10));
    trial.link.heard(11);
    CHECK_FALSE(trial.link.timed_out(10));  // something came after it was sent
    CHECK_FALSE(trial.link.timed_out(12));
    CHECK(trial.link.timed_out(12));
}

TEST_CASE("a reply to what was given up shows that the upstream lives, once", "[link]") {
    Trial trial;
    const auto reply = test::Packet::reply("a.test", test::qtype::a).id(77).bytes();
    CHECK_FALSE(trial.link.take_late(77, reply));
    trial.link.give_up(77, hash_of(reply));
    CHECK(trial.link.released == std::vector<Ticket>{77});
    CHECK_FALSE(trial.link.take_late(77, test::Packet::reply("b.test", test::qtype::a).id(77).bytes()));
    CHECK_FALSE(trial.link.take_late(77, test::Packet::query("a.test", test::qtype::a).id(77).bytes()));
    CHECK(trial.link.take_late(77, test::Packet::reply("A.Test", test::qtype::a).id(77).bytes()));
    CHECK_FALSE(trial.link.take_late(77, reply));
}

TEST_CASE("a link that goes takes its reports along", "[link]") {
    OneUpstream one(*net::Endpoint::parse("192.0.2.1", 53));
    SomeLink stays(one.upstream);
    {
        SomeLink goes(one.upstream);
        for (Link* link : {static_cast<Link*>(&goes), static_cast<Link*>(&stays)}) {
            one.context.reports.push_back({LinkReport::Kind::doubted, telemetry::Failure::refused, 0, no_query, link});
        }
    }
    REQUIRE(one.context.reports.size() == 1);
    CHECK(one.context.reports[0].link == &stays);
}

TEST_CASE("the hash of a question is of name in any case, type and class", "[link]") {
    const auto hash = hash_of(test::Packet::query("www.a.test", test::qtype::a).bytes());
    CHECK(hash_of(test::Packet::query("WWW.a.TEST", test::qtype::a).id(9).bytes()) == hash);
    CHECK(hash_of(test::Packet::query("www.b.test", test::qtype::a).bytes()) != hash);
    CHECK(hash_of(test::Packet::query("www.a.test", test::qtype::aaaa).bytes()) != hash);
}
