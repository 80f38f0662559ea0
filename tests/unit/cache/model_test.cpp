// SPDX-License-Identifier: MIT
// The memory beside a map that forgets nothing: whatever it still has is what the map has, at each moment of a clock.
#include <map>
#include <random>

#include "cache/answer_memory.hpp"
#include "catch.hpp"
#include "kept.hpp"

using namespace dproxy;
using cache::AnswerMemory;
using test::Asked;
using test::Packet;
using test::second;
namespace qtype = test::qtype;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

/// A question's number: name, type, DO, route.
struct Number {
    std::size_t value;
    std::string name() const { return "n" + std::to_string(value / 8) + ".test"; }
    std::uint16_t type() const { return value % 2 == 0 ? qtype::a : qtype::aaaa; }
    std::uint32_t opt_flags() const { return value % 4 / 2 == 0 ? 0 : 0x8000; }
    std::uint32_t route() const { return static_cast<std::uint32_t>(value % 8 / 4); }
    Packet query() const { return Packet::query(name(), type()).edns(1232, {}, opt_flags()); }
};

struct Known {
    Packet reply;
    std::uint32_t ttl = 0;
    std::uint64_t at_ns = 0;
};

}  // namespace

TEST_CASE("the memory says what a map and a clock say, or nothing", "[answer_memory]") {
    constexpr std::uint32_t stale_s = 20;
    std::mt19937 random(1);
    AnswerMemory memory(megabyte, 1);
    memory.open(0);
    auto room = cache::make_record_room();
    std::map<std::size_t, Known> model;
    std::uint64_t now_ns = 0;
    std::size_t found = 0, stale = 0;
    for (int step = 0; step < 25'000; ++step) {
        now_ns += random() % (second / 50);
        const Number number{random() % 4 == 0 ? random() % 20'000 : random() % 400};
        const Asked asked(number.query(), number.route());
        const auto hit = memory.find(*asked.key, now_ns, room);
        if (hit) {
            memory.count_hit(hit);
            REQUIRE(model.contains(number.value));
            const Known& known = model.at(number.value);
            const std::uint64_t age_s = (now_ns - known.at_ns) / second;
            REQUIRE(age_s < known.ttl + stale_s);
            const cache::KeptAnswer answer(hit.words);
            REQUIRE((answer.age(now_ns) == cache::Age::stale) == (age_s >= known.ttl));
            if (answer.age(now_ns) == cache::Age::stale) ++stale;
            const std::vector<std::uint64_t> record(hit.words.begin(), hit.words.end());
            REQUIRE(test::written(record, asked, known.at_ns) ==
                    Packet(known.reply).edns(1232, {}, number.opt_flags()).bytes());
            ++found;
        }
        if (!hit || random() % 50 == 0) {
            const auto last = static_cast<std::uint8_t>(random());
            const auto ttl = static_cast<std::uint32_t>(1 + random() % 100);
            Packet reply = Packet::reply(number.name(), number.type());
            reply.answer(number.name(), number.type(), test::Octets(number.type() == qtype::a ? 4 : 16, last), ttl);
            const Packet whole = Packet(reply).edns(1232, {}, number.opt_flags());
            const auto record = test::kept(asked, whole, {.stale_s = stale_s}, now_ns);
            if (memory.keep(0, record)) model.insert_or_assign(number.value, Known{reply, ttl, now_ns});
        }
    }
    CHECK(found > 6'000);
    CHECK(stale > 30);
}
