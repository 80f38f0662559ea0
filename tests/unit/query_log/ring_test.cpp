// SPDX-License-Identifier: MIT
#include "query_log/ring.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "catch.hpp"

using dproxy::query_log::Ring;

namespace {

using Octets = std::vector<std::uint8_t>;

bool put(Ring& ring, const Octets& record) {
    const auto room = ring.begin(record.size());
    if (room.empty()) return false;
    REQUIRE(room.size() == record.size());
    REQUIRE(reinterpret_cast<std::uintptr_t>(room.data()) % 8 == 0);
    std::copy(record.begin(), record.end(), room.begin());
    ring.commit();
    return true;
}

Octets take(Ring& ring) {
    const auto front = ring.front();
    const Octets record(front.begin(), front.end());
    if (!front.empty()) ring.pop();
    return record;
}

/// Of a length and with bytes that follow from its number.
Octets numbered(std::uint32_t number) {
    Octets record(4 + number * 7 % 61, static_cast<std::uint8_t>(number * 31));
    for (std::size_t i = 0; i < 4; ++i) record[i] = static_cast<std::uint8_t>(number >> 8 * i);
    return record;
}

}  // namespace

TEST_CASE("records come out as they went in, whole and in their order", "[ring]") {
    Ring ring(256);
    CHECK(take(ring).empty());
    REQUIRE(put(ring, numbered(1)));
    REQUIRE(put(ring, numbered(2)));
    CHECK(take(ring) == numbered(1));
    CHECK(take(ring) == numbered(2));
    CHECK(take(ring).empty());
}

TEST_CASE("what was begun and never ended is seen by nobody", "[ring]") {
    Ring ring(256);
    REQUIRE_FALSE(ring.begin(100).empty());
    CHECK(ring.front().empty());
    REQUIRE(put(ring, numbered(7)));
    CHECK(take(ring) == numbered(7));
    CHECK(take(ring).empty());
}

TEST_CASE("a full ring takes nothing, and loses nothing that it has", "[ring]") {
    Ring ring(256);
    std::uint32_t count = 0;
    while (put(ring, numbered(count))) ++count;
    REQUIRE(count > 2);
    CHECK_FALSE(put(ring, numbered(count)));
    for (std::uint32_t number = 0; number < count; ++number) CHECK(take(ring) == numbered(number));
    CHECK(take(ring).empty());
    CHECK(put(ring, numbered(count)));
    CHECK(take(ring) == numbered(count));
}

TEST_CASE("every length at every place, up to half of the ring, goes into an empty one", "[ring]") {
    for (std::size_t before = 1; before < 200; ++before) {
        for (std::size_t length = 1; length + 8 <= 128; ++length) {
            Ring ring(256);
            REQUIRE(put(ring, Octets(before, 1)));
            take(ring);
            const Octets record(length, static_cast<std::uint8_t>(before));
            const bool fits = put(ring, record);
            if (!fits || take(ring) != record) FAIL("length " << length << " behind " << before);
        }
    }
}

TEST_CASE("a ring does what a queue of the same records does", "[ring][model]") {
    std::mt19937 random(17);
    Ring ring(1024);
    std::deque<Octets> model;
    std::uint32_t refused = 0;
    for (std::uint32_t number = 0; number < 200'000; ++number) {
        if (random() % 16 < 9) {
            if (put(ring, numbered(number))) {
                model.push_back(numbered(number));
            } else {
                ++refused;
                REQUIRE(model.size() > 4);
            }
        } else {
            const Octets record = take(ring);
            REQUIRE(record.empty() == model.empty());
            if (model.empty()) continue;
            REQUIRE(record == model.front());
            model.pop_front();
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("one thread writes while another reads, and each record is whole", "[ring]") {
    constexpr std::uint32_t count = 100'000;
    Ring ring(4096);
    std::thread writer([&] {
        for (std::uint32_t number = 0; number < count; ++number) {
            const Octets record = numbered(number);
            std::span<std::uint8_t> room;
            while ((room = ring.begin(record.size())).empty()) std::this_thread::yield();
            std::copy(record.begin(), record.end(), room.begin());
            ring.commit();
        }
    });
    std::uint32_t wrong = 0;
    for (std::uint32_t number = 0; number < count;) {
        const Octets record = take(ring);
        if (record.empty()) {
            std::this_thread::yield();
            continue;
        }
        wrong += record != numbered(number);
        ++number;
    }
    writer.join();
    CHECK(wrong == 0);
    CHECK(take(ring).empty());
}
