// SPDX-License-Identifier: MIT
#include "query_log/sampler.hpp"

#include <cstddef>
#include <set>
#include <vector>

#include "catch.hpp"

using dproxy::query_log::Sampler;

TEST_CASE("of each N that come one after the other exactly one is taken", "[sampler]") {
    for (const std::uint32_t one_in : {1u, 2u, 3u, 7u, 100u, 1000u}) {
        Sampler sampler(one_in, 5);
        CHECK(sampler.one_in() == one_in);
        for (int block = 0; block < 200; ++block) {
            std::uint32_t taken = 0;
            for (std::uint32_t i = 0; i < one_in; ++i) taken += sampler.take();
            if (taken != 1) FAIL(taken << " of " << one_in);
        }
    }
}

TEST_CASE("which one it is has no rhythm: who asks in turns has all of his questions in the log", "[sampler]") {
    constexpr std::uint32_t one_in = 10;
    constexpr int blocks = 20'000;
    Sampler sampler(one_in);
    std::vector<int> at(one_in);
    for (int block = 0; block < blocks; ++block) {
        for (std::uint32_t i = 0; i < one_in; ++i) at[i] += sampler.take();
    }
    // 2,000 expected at each place, with a deviation of 42: the seed is fixed, so this is what comes each time.
    for (const int count : at) CHECK((count > 1'800 && count < 2'200));
}

TEST_CASE("one in very many is one", "[sampler]") {
    Sampler sampler(0xffffffff, 1);
    std::size_t taken = 0;
    for (int i = 0; i < 1'000'000; ++i) taken += sampler.take();
    CHECK(taken <= 1);
}

TEST_CASE("workers draw differently", "[sampler]") {
    std::set<int> firsts;
    for (std::uint64_t worker = 0; worker < 8; ++worker) {
        Sampler sampler(1'000'000, worker);
        int first = 0;
        while (!sampler.take()) ++first;
        firsts.insert(first);
    }
    CHECK(firsts.size() == 8);
}
