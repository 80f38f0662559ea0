// SPDX-License-Identifier: MIT
#include "query_log/rings.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "catch.hpp"

using dproxy::query_log::Ring;
using dproxy::query_log::Rings;

TEST_CASE("a worker has no ring before it opens one, and the same one ever after", "[rings]") {
    Rings rings(2, 256);
    CHECK(rings.workers() == 2);
    CHECK(rings.of(0) == nullptr);
    CHECK_FALSE(rings.is_any_in_use());
    Ring& ring = rings.open(1);
    CHECK(rings.of(0) == nullptr);
    CHECK(rings.of(1) == &ring);
    CHECK(rings.is_any_in_use());
    CHECK(&rings.open(1) == &ring);
    rings.close(1);
    CHECK_FALSE(rings.is_any_in_use());
    rings.close(1);
    rings.close(0);
    CHECK_FALSE(rings.is_any_in_use());
    CHECK(rings.of(1) == &ring);
    CHECK(&rings.open(1) == &ring);
    CHECK(rings.is_any_in_use());
}

TEST_CASE("who waits for a ring in use is woken by the first, and by the end", "[rings]") {
    Rings rings(2, 256);
    std::thread reader([&] {
        rings.wait_for_use();
        while (!rings.is_stopped()) rings.wait_for_use();
    });
    rings.open(0);
    rings.close(0);
    rings.stop();
    reader.join();
    CHECK(rings.is_stopped());
}

TEST_CASE("workers open and close theirs while all are read", "[rings]") {
    constexpr unsigned workers = 4;
    constexpr int rounds = 2'000;
    Rings rings(workers, 1024);
    std::vector<int> found(workers);
    const auto read_all = [&] {
        for (unsigned worker = 0; worker < workers; ++worker) {
            Ring* const ring = rings.of(worker);
            for (; ring != nullptr && !ring->front().empty(); ring->pop()) found[worker] += ring->front()[0] == worker;
        }
    };
    std::thread reader([&] {
        for (bool is_last = false; !is_last;) {
            rings.wait_for_use();
            is_last = rings.is_stopped();
            read_all();
        }
    });
    std::vector<std::thread> threads;
    for (unsigned worker = 0; worker < workers; ++worker) {
        threads.emplace_back([&, worker] {
            for (int i = 0; i < rounds; ++i) {
                Ring& ring = rings.open(worker);
                std::span<std::uint8_t> room;
                while ((room = ring.begin(1)).empty()) std::this_thread::yield();
                room[0] = static_cast<std::uint8_t>(worker);
                ring.commit();
                if (i % 3 == 0) rings.close(worker);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    rings.stop();
    reader.join();
    CHECK(found == std::vector<int>(workers, rounds));
}
