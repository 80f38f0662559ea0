// SPDX-License-Identifier: MIT
// The memory beside a map that forgets nothing but what was kept for a route that is another by now: whatever it still
// has is what the map has, at each moment of a clock.
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <span>

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

constexpr std::size_t memory_bytes = std::size_t{1} << 18;

/// A question's number: name, type, DO, route.
struct Number {
    std::size_t value;
    std::string name() const { return "n" + std::to_string(value / 8) + ".test"; }
    std::uint16_t type() const { return value % 2 == 0 ? qtype::a : qtype::aaaa; }
    std::uint32_t opt_flags() const { return value % 4 / 2 == 0 ? 0 : 0x8000; }
    std::size_t route() const { return value % 8 / 4; }
    Packet query() const { return Packet::query(name(), type()).edns(1232, {}, opt_flags()); }
};

struct Known {
    Packet reply;
    std::uint32_t ttl = 0;
    std::uint64_t at_ns = 0;
};

/// Two routes, by which of their answers are their own.
struct Routes {
    std::array<std::uint32_t, 2> serials{1, 2};

    void change(std::size_t route) { serials[route] = 1 + *std::max_element(serials.begin(), serials.end()); }
    bool is_in_force(std::uint32_t serial) const { return std::count(serials.begin(), serials.end(), serial) != 0; }
    std::vector<std::uint32_t> in_order() const {
        std::vector<std::uint32_t> all(serials.begin(), serials.end());
        std::sort(all.begin(), all.end());
        return all;
    }
};

constexpr std::uint32_t stale_s = 20;

/// What was found is what was kept, of its age. Whether it is stale.
bool is_stale_as_known(std::span<const std::uint64_t> words, const Known& known, const Asked& asked,
                       const Number& number, std::uint64_t now_ns) {
    const std::uint64_t age_s = (now_ns - known.at_ns) / second;
    REQUIRE(age_s < known.ttl + stale_s);
    const bool is_stale = cache::KeptAnswer(words).age(now_ns) == cache::Age::stale;
    REQUIRE(is_stale == (age_s >= known.ttl));
    const std::vector<std::uint64_t> record(words.begin(), words.end());
    REQUIRE(test::written(record, asked, known.at_ns) ==
            Packet(known.reply).edns(1232, {}, number.opt_flags()).bytes());
    return is_stale;
}

}  // namespace

TEST_CASE("the memory says what a map and a clock say, or nothing", "[answer_memory]") {
    std::mt19937 random(1);
    AnswerMemory memory(memory_bytes, 1);
    memory.open(0);
    auto room = cache::make_record_room();
    std::map<std::size_t, Known> model;
    std::uint64_t now_ns = 0;
    Routes routes;
    memory.adopt(0, routes.in_order());
    std::size_t found = 0, stale = 0, evicted = 0, late = 0;
    for (int step = 0; step < 25'000; ++step) {
        now_ns += random() % (second / 50);
        const Number number{random() % 4 == 0 ? random() % 20'000 : random() % 400};
        if (random() % 2'000 == 0) {
            const std::size_t changed = random() % 2;
            routes.change(changed);
            memory.adopt(0, routes.in_order());
            std::erase_if(model, [&](const auto& known) { return Number{known.first}.route() == changed; });
        }
        const std::uint32_t serial = routes.serials[number.route()];
        const Asked asked(number.query(), serial);
        const auto hit = memory.find(*asked.key, now_ns, room);
        if (hit) {
            memory.count_hit(hit);
            REQUIRE(model.contains(number.value));
            if (is_stale_as_known(hit.words, model.at(number.value), asked, number, now_ns)) ++stale;
            ++found;
        }
        if (!hit || random() % 50 == 0) {
            const auto last = static_cast<std::uint8_t>(random());
            const auto ttl = static_cast<std::uint32_t>(1 + random() % 100);
            Packet reply = Packet::reply(number.name(), number.type());
            reply.answer(number.name(), number.type(), test::Octets(number.type() == qtype::a ? 4 : 16, last), ttl);
            const Packet whole = Packet(reply).edns(1232, {}, number.opt_flags());
            const auto account = static_cast<std::uint16_t>(serial);
            const auto record = test::kept(asked, whole, {.stale_s = stale_s}, now_ns, account);
            if (memory.keep(0, record)) model.insert_or_assign(number.value, Known{reply, ttl, now_ns});
            for (const std::uint16_t of_route : memory.evicted(0)) {
                REQUIRE(routes.is_in_force(of_route));
                ++evicted;
            }
        }
        if (random() % 50 == 0 && serial > 2) {
            // The reply to a query that was asked for the route as it was.
            const Asked before(number.query(), serial - 1);
            if (!routes.is_in_force(serial - 1)) {
                REQUIRE_FALSE(memory.keep(0, test::kept(before, Packet::reply(number.name(), number.type())
                                                                    .answer(number.name(), number.type(), {}))));
                ++late;
            }
        }
    }
    CHECK(found > 6'000);
    CHECK(stale > 30);
    CHECK(evicted > 100);
    CHECK(late > 30);
}
