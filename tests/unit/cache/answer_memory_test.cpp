// SPDX-License-Identifier: MIT
#include "cache/answer_memory.hpp"

#include <cmath>
#include <random>

#include "catch.hpp"
#include "kept.hpp"

using namespace dproxy;
using cache::AnswerMemory;
using test::Asked;
using test::kept;
using test::Packet;
using test::second;
namespace qtype = test::qtype;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

std::string name_of(std::size_t number) { return "n" + std::to_string(number) + ".example.test"; }

/// One name's question, and its answer with a TTL of an hour.
struct Name {
    explicit Name(std::size_t number, std::uint64_t now_ns = 0, std::uint32_t route = 1)
        : asked(Packet::query(name_of(number), qtype::a), route),
          record(kept(asked, Packet::reply(name_of(number), qtype::a)
                                 .answer(name_of(number), qtype::a, {192, 0, 2, 1}, 3600), {}, now_ns)) {}
    Asked asked;
    std::vector<std::uint64_t> record;
};

struct Fixture {
    explicit Fixture(std::size_t bytes = megabyte, unsigned parts = 1) : memory(bytes, parts) {
        for (unsigned part = 0; part < parts; ++part) memory.open(part);
    }

    cache::Found find(const Asked& asked, std::uint64_t now_ns = 0) { return memory.find(*asked.key, now_ns, room); }
    bool asks(const Name& name) {
        const auto found = find(name.asked);
        if (found) memory.count_hit(found);
        return bool(found);
    }
    bool asks_and_keeps(const Name& name) {
        if (asks(name)) return true;
        memory.keep(0, name.record);
        return false;
    }

    AnswerMemory memory;
    cache::RecordRoom room = cache::make_record_room();
};

}  // namespace

TEST_CASE("what one worker keeps all find", "[answer_memory]") {
    Fixture fixture(4 * megabyte, 4);
    for (unsigned part = 0; part < 4; ++part) {
        const Name name(part);
        CHECK_FALSE(fixture.find(name.asked));
        REQUIRE(fixture.memory.keep(part, name.record));
        const auto found = fixture.find(name.asked);
        REQUIRE(found);
        CHECK(std::vector(found.words.begin(), found.words.end()) == name.record);
        CHECK(fixture.memory.counts(part).entries == 1);
    }
}

TEST_CASE("a newer answer takes the older one's place, also another worker's", "[answer_memory]") {
    Fixture fixture(2 * megabyte, 2);
    const Asked asked(Packet::query("a.test", qtype::a));
    const auto answer = [&](std::uint8_t last) {
        return kept(asked, Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, last}));
    };
    fixture.memory.keep(0, answer(1));
    fixture.memory.count_hit(fixture.find(asked));
    CHECK(fixture.find(asked).hits == 1);
    for (const std::uint8_t last : {std::uint8_t{2}, std::uint8_t{3}}) {
        REQUIRE(fixture.memory.keep(last % 2, answer(last)));
        const auto found = fixture.find(asked);
        REQUIRE(found);
        CHECK(std::vector(found.words.begin(), found.words.end()) == answer(last));
        CHECK(found.hits == 0);
    }
}

TEST_CASE("an answer that is over is not found, a stale one is", "[answer_memory]") {
    Fixture fixture;
    const Asked asked(Packet::query("a.test", qtype::a));
    const auto reply = Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, 10);
    fixture.memory.keep(0, kept(asked, reply, {.stale_s = 5}));
    CHECK(fixture.find(asked, 9 * second));
    CHECK(fixture.find(asked, 14 * second));
    CHECK_FALSE(fixture.find(asked, 15 * second));
    REQUIRE(fixture.memory.keep(0, kept(asked, reply, {}, 20 * second)));
    CHECK(fixture.find(asked, 29 * second));
}

TEST_CASE("what is forgotten is not found", "[answer_memory]") {
    Fixture fixture;
    const Name one(1), two(2);
    fixture.memory.keep(0, one.record);
    fixture.memory.keep(0, two.record);
    const auto forgotten = fixture.memory.forget(
        [&](const cache::KeptAnswer& kept) { return cache::is_same_question(kept.key(), *one.asked.key); }, 1);
    CHECK(forgotten == 1);
    CHECK_FALSE(fixture.find(one.asked));
    CHECK(fixture.find(two.asked));
}

TEST_CASE("what was asked for before something was forgotten is not kept", "[answer_memory]") {
    Fixture fixture;
    const Name before(1), since(2);
    fixture.memory.forget([](const cache::KeptAnswer&) { return true; }, 100);
    CHECK_FALSE(fixture.memory.keep(0, before.record, 99));
    CHECK_FALSE(fixture.find(before.asked));
    CHECK(fixture.memory.keep(0, since.record, 100));
    CHECK(fixture.find(since.asked));
}

TEST_CASE("one answer never takes the place of all", "[answer_memory]") {
    Fixture fixture;
    Packet reply = Packet::reply("a.test", qtype::txt);
    for (int i = 0; i < 220; ++i) {
        reply.answer(test::record({0xc0, 12}, qtype::txt, test::Octets(255, 254)));
    }
    const Asked asked(Packet::query("a.test", qtype::txt));
    const auto record = kept(asked, reply);
    REQUIRE(record.size() * 8 > 50'000);
    CHECK_FALSE(fixture.memory.keep(0, record));
    CHECK_FALSE(fixture.find(asked));
}

TEST_CASE("the memory is never more than it was given, whatever is kept", "[answer_memory]") {
    Fixture fixture;
    std::size_t evicted = 0;
    for (std::size_t number = 0; number < 12'000; ++number) {
        fixture.asks_and_keeps(Name(number));
        evicted += fixture.memory.evicted(0).size();
        const auto counts = fixture.memory.counts(0);
        REQUIRE(counts.used_bytes <= megabyte);
        REQUIRE(counts.entries * sizeof(cache::KeptHead) <= counts.used_bytes);
    }
    CHECK(evicted > 3'000);
}

TEST_CASE("names that are asked for once push out nothing that is asked for often", "[answer_memory]") {
    Fixture fixture;
    std::vector<std::unique_ptr<Name>> often;
    for (std::size_t number = 0; number < 500; ++number) often.push_back(std::make_unique<Name>(number));
    for (int round = 0; round < 3; ++round) {
        for (const auto& name : often) fixture.asks_and_keeps(*name);
    }
    std::size_t found = 0;
    for (std::size_t number = 0; number < 20'000; ++number) {
        fixture.asks_and_keeps(Name(1000 + number));
        if (number % 10 == 0) found += fixture.asks_and_keeps(*often[number / 10 % often.size()]) ? 1 : 0;
    }
    CHECK(found > 1'950);  // of 2,000; by order of age alone there were none
}

TEST_CASE("while there is room all stay, however seldom they are asked for", "[answer_memory]") {
    Fixture fixture;
    constexpr std::size_t names = 6'000;  // of 128 bytes each: three quarters of the memory
    for (std::size_t number = 0; number < names; ++number) fixture.asks_and_keeps(Name(number));
    std::size_t found = 0;
    for (std::size_t number = 0; number < names; ++number) found += fixture.find(Name(number).asked) ? 1 : 0;
    CHECK(found > names * 99 / 100);  // some bucket of the index may be full
}

TEST_CASE("what is over takes nobody's place", "[answer_memory]") {
    Fixture fixture;
    constexpr std::size_t names = 6'000;
    for (std::size_t number = 0; number < 2 * names; ++number) fixture.asks_and_keeps(Name(number));
    const std::uint64_t later_ns = 3601 * test::second;
    for (std::size_t number = 0; number < names; ++number) fixture.memory.keep(0, Name(number, later_ns).record);
    std::size_t found = 0;
    for (std::size_t number = 0; number < names; ++number) found += fixture.find(Name(number).asked, later_ns) ? 1 : 0;
    CHECK(found > names * 99 / 100);
}

TEST_CASE("what was kept for a route that is no more takes nobody's place, however often it was asked for",
          "[answer_memory]") {
    Fixture fixture;
    constexpr std::size_t names = 6'000;
    fixture.memory.adopt(0, {1, 3});
    for (int round = 0; round < 4; ++round) {
        for (std::size_t number = 0; number < names; ++number) fixture.asks_and_keeps(Name(number));
    }
    fixture.memory.adopt(0, {2, 3});
    std::size_t evicted = 0, found = 0;
    const auto name = [](std::size_t number) { return Name(number, 0, 2); };
    for (std::size_t number = 0; number < names; ++number) {
        fixture.asks_and_keeps(name(number));
        evicted += fixture.memory.evicted(0).size();
    }
    for (std::size_t number = 0; number < names; ++number) found += fixture.find(name(number).asked) ? 1 : 0;
    CHECK(found > names * 98 / 100);  // some bucket of the index may be full
    CHECK(evicted < names / 100);
    // Its answers that were on their way are not kept any more.
    CHECK_FALSE(fixture.memory.keep(0, Name(names).record));
    CHECK_FALSE(fixture.find(Name(names).asked));
}

TEST_CASE("a name that comes back after it went stays", "[answer_memory]") {
    Fixture fixture;
    std::size_t number = 1000;
    while (number < 13'000) fixture.asks_and_keeps(Name(number++));  // it is full
    const Name back(1);
    fixture.asks_and_keeps(back);
    while (fixture.find(back.asked)) fixture.asks_and_keeps(Name(number++));
    fixture.asks_and_keeps(back);
    for (std::size_t more = 0; more < 2'000; ++more) fixture.asks_and_keeps(Name(number++));
    CHECK(fixture.find(back.asked));
}
