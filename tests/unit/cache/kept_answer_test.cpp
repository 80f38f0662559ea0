// SPDX-License-Identifier: MIT
#include "cache/kept_answer.hpp"

#include "catch.hpp"
#include "kept.hpp"

using namespace dproxy;
using cache::Age;
using test::Asked;
using test::kept;
using test::Packet;
using test::second;
using test::written;
namespace qtype = test::qtype;

namespace {

Packet query(std::string_view name = "a.test") { return Packet::query(name, qtype::a); }
Packet answer(std::uint32_t ttl, std::string_view name = "a.test") {
    return Packet::reply(name, qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, ttl);
}

}  // namespace

TEST_CASE("an answer has the asker's ID and spelling, and TTLs that went on", "[kept_answer]") {
    const Asked asked(query());
    const auto record = kept(asked, answer(300).id(1), {}, 5 * second);
    const Asked later(query("A.tEst").id(77));
    CHECK(written(record, later, 5 * second) == answer(300, "A.tEst").id(77).bytes());
    CHECK(written(record, later, 6 * second - 1) == answer(300, "A.tEst").id(77).bytes());
    CHECK(written(record, later, 105 * second) == answer(200, "A.tEst").id(77).bytes());
    CHECK(written(record, later, 304 * second) == answer(1, "A.tEst").id(77).bytes());
    CHECK(written(record, later, 4 * second) == answer(300, "A.tEst").id(77).bytes());  // a clock that went back
}

TEST_CASE("its age is told by its TTL, and how long it stays beyond", "[kept_answer]") {
    const Asked asked(query());
    const auto record = kept(asked, answer(10), {.stale_s = 5}, second);
    const cache::KeptAnswer found(record);
    CHECK(found.age(0) == Age::fresh);
    CHECK(found.age(11 * second - 1) == Age::fresh);
    CHECK(found.age(11 * second) == Age::stale);
    CHECK(found.age(16 * second - 1) == Age::stale);
    CHECK(found.age(16 * second) == Age::over);
    CHECK_FALSE(found.nears_its_end(10 * second - 1));
    CHECK(found.nears_its_end(10 * second));
    CHECK_FALSE(found.nears_its_end(11 * second));
    CHECK(cache::KeptAnswer(kept(asked, answer(10))).age(10 * second) == Age::over);
}

TEST_CASE("who asks without EDNS gets none, who asks with it gets some", "[kept_answer]") {
    const Asked with(query().edns(4096)), without(query());
    const auto of_edns = kept(with, answer(300).edns(1410, test::option(15, {0, 4}), 0x8000));
    CHECK(written(of_edns, with, 0) == answer(300).edns(1410, test::option(15, {0, 4}), 0x8000).bytes());
    CHECK(written(of_edns, without, 0) == answer(300).bytes());
    const auto of_none = kept(without, answer(300));
    CHECK(written(of_none, with, 0) == answer(300).edns(1232).bytes());
    CHECK(written(of_none, without, 0) == answer(300).bytes());
}

TEST_CASE("options of a hop, and who the server is, are not kept", "[kept_answer]") {
    const Asked with(query().edns(1232));
    const auto cookie = test::option(10, {1, 2, 3, 4, 5, 6, 7, 8});
    const auto options = test::option(3, {1, 2}) + cookie + test::option(15, {0, 4}) + test::option(12, {0, 0});
    const auto record = kept(with, answer(300).edns(1232, options));
    CHECK(written(record, with, 0) == answer(300).edns(1232, test::option(15, {0, 4})).bytes());
}

TEST_CASE("a stale answer holds for 30 s and says that it is stale", "[kept_answer]") {
    const Asked with(query().edns(1232)), without(query());
    const auto record = kept(with, answer(10), {.stale_s = 100});
    CHECK(written(record, with, 20 * second) == answer(30).edns(1232, test::option(15, {0, 3})).bytes());
    CHECK(written(record, without, 20 * second) == answer(30).bytes());
    const auto gone = [](std::uint32_t ttl) {
        return Packet::reply("a.test", qtype::a).rcode(3).authority(test::soa(ttl));
    };
    const auto nxdomain = kept(with, gone(10), {.stale_s = 100});
    CHECK(written(nxdomain, with, 20 * second) == gone(30).edns(1232, test::option(15, {0, 19})).bytes());
    CHECK(cache::KeptAnswer(nxdomain).is_nxdomain());
}

TEST_CASE("the TTLs that are shown are those of the route", "[kept_answer]") {
    const Asked asked(query());
    CHECK(written(kept(asked, answer(5), {.least_s = 60}), asked, 10 * second) == answer(50).bytes());
    CHECK(written(kept(asked, answer(900), {.most_s = 60}), asked, 10 * second) == answer(50).bytes());
}

TEST_CASE("its key is the one it was kept by", "[kept_answer]") {
    const Asked asked(query("A.test").edns(1232, {}, 0x8000), 9, {4, 24, 192, 0, 2});
    const auto record = kept(asked, answer(300).edns(1232, {}, 0x8000));
    const cache::QuestionKey key = cache::KeptAnswer(record).key();
    CHECK(cache::is_same_question(key, *asked.key));
    CHECK(key.hash == asked.key->hash);
}

TEST_CASE("one that was asked for in vain rests, and is the same otherwise", "[kept_answer]") {
    const Asked asked(query());
    const auto record = kept(asked, answer(10), {.stale_s = 100}, second);
    CHECK_FALSE(cache::KeptAnswer(record).rests(20 * second));
    std::vector<std::uint64_t> copy(record.size());
    const auto words = cache::KeptAnswer(record).copy_resting(50 * second, copy);
    REQUIRE(words.size() == record.size());
    const cache::KeptAnswer resting(words);
    CHECK(resting.rests(50 * second - 1));
    CHECK_FALSE(resting.rests(50 * second));
    CHECK(resting.age(20 * second) == Age::stale);
    CHECK(written(copy, asked, 20 * second) == written(record, asked, 20 * second));
}
