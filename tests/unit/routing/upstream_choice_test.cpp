// SPDX-License-Identifier: MIT
#include "routing/upstream_choice.hpp"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "unit/routing/table_of_patterns.hpp"

using namespace dproxy::routing;

namespace {

constexpr std::uint32_t queries = 10'000;

std::vector<Candidate> candidates(std::size_t count) {
    std::vector<Candidate> list(count);
    for (std::size_t i = 0; i < count; ++i) list[i].identity = 1'000 + i;
    return list;
}

/// How many of 10,000 queries, each for a name of its own, go where. Nothing is outstanding.
std::map<std::size_t, int> spread(Policy policy, const std::vector<Candidate>& list) {
    std::mt19937 random(7);
    std::map<std::size_t, int> counts;
    for (std::uint32_t i = 0; i < queries; ++i) {
        const auto name = name_of("host" + std::to_string(i) + ".example");
        const auto drawn = static_cast<std::uint32_t>(random());
        const auto chosen = choose_upstream(policy, list, {i, drawn, hash_of_name(name.wire())});
        REQUIRE(chosen);
        ++counts[*chosen];
    }
    return counts;
}

constexpr Policy spreading[] = {Policy::least_outstanding, Policy::round_robin, Policy::random, Policy::hash};

}  // namespace

TEST_CASE("every policy but `first` spreads evenly over equal upstreams", "[upstream_choice]") {
    for (const Policy policy : spreading) {
        for (const auto& [index, count] : spread(policy, candidates(4))) {
            CAPTURE(static_cast<int>(policy), index);
            CHECK(count > 2'300);
            CHECK(count < 2'700);
        }
    }
    CHECK(spread(Policy::first, candidates(4)) == std::map<std::size_t, int>{{0, 10'000}});
}

TEST_CASE("an upstream that is down gets nothing, and the others share evenly", "[upstream_choice]") {
    auto list = candidates(4);
    list[1].usable = false;
    for (const Policy policy : spreading) {
        const auto counts = spread(policy, list);
        CAPTURE(static_cast<int>(policy));
        CHECK(counts.size() == 3);
        CHECK(counts.count(1) == 0);
        for (const auto& [index, count] : counts) {
            CHECK(count > 3'000);
            CHECK(count < 3'700);
        }
    }
    list[0].usable = false;
    CHECK(spread(Policy::first, list) == std::map<std::size_t, int>{{2, 10'000}});
}

TEST_CASE("a slow upstream gets the less the more wait for it", "[upstream_choice]") {
    // Replies take 1 tick, of the slow one 20; a query comes each tick.
    auto list = candidates(3);
    std::multimap<std::uint32_t, std::size_t> replies;
    std::map<std::size_t, int> counts;
    for (std::uint32_t now = 0; now < queries; ++now) {
        while (!replies.empty() && replies.begin()->first <= now) {
            --list[replies.begin()->second].outstanding;
            replies.erase(replies.begin());
        }
        const std::size_t chosen = *choose_upstream(Policy::least_outstanding, list, {now, 0, 0});
        ++counts[chosen];
        ++list[chosen].outstanding;
        replies.emplace(now + (chosen == 1 ? 20 : 1), chosen);
    }
    CHECK(counts[1] < 1'000);
    CHECK(counts[0] > 4'000);
    CHECK(counts[2] > 4'000);
}

TEST_CASE("a retry goes to another upstream, and to the same one only when there is no other", "[upstream_choice]") {
    for (const Policy policy :
         {Policy::least_outstanding, Policy::round_robin, Policy::random, Policy::hash, Policy::first}) {
        auto list = candidates(3);
        list[0].tried = list[2].tried = true;
        for (std::uint32_t i = 0; i < 50; ++i) CHECK(choose_upstream(policy, list, {i, i * 77, i * 99}) == 1);
        list[1].usable = false;
        for (std::uint32_t i = 0; i < 50; ++i) CHECK(choose_upstream(policy, list, {i, i * 77, i * 99}) != 1);
        list[0].usable = list[2].usable = false;
        CHECK_FALSE(choose_upstream(policy, list, {0, 0, 0}));
    }
    CHECK_FALSE(choose_upstream(Policy::first, {}, {0, 0, 0}));
}

TEST_CASE("who is silent is asked when nobody else can be", "[upstream_choice]") {
    for (const Policy policy :
         {Policy::least_outstanding, Policy::round_robin, Policy::random, Policy::hash, Policy::first}) {
        const auto always = [&](const std::vector<Candidate>& list, std::size_t expected) {
            for (std::uint32_t i = 0; i < 50; ++i) {
                CHECK(choose_upstream(policy, list, {i, i * 77, i * 99}) == expected);
            }
        };
        auto list = candidates(3);
        list[0].silent = list[1].silent = true;
        always(list, 2);
        list[2].tried = true;  // its datagram may be lost
        always(list, 2);
        list[2].usable = false;
        list[0].tried = true;
        always(list, 1);
        list[1].usable = false;
        always(list, 0);
    }
}

TEST_CASE("who is silent is asked before a third attempt at who is not", "[upstream_choice]") {
    for (const Policy policy :
         {Policy::least_outstanding, Policy::round_robin, Policy::random, Policy::hash, Policy::first}) {
        auto list = candidates(2);
        list[1].silent = list[0].tried = true;
        const auto choice = [&](std::size_t attempts) {
            return choose_upstream(policy, list, {0, 0, hash_of_name(name_of("x.test").wire()), attempts});
        };
        CHECK(choice(1) == 0);
        CHECK(choice(2) == 1);
        list[1].tried = true;
        CHECK(choice(3) == 0);
        list.push_back({});
        CHECK(choice(2) == 2);
    }
}

TEST_CASE("a name keeps its upstream when another one goes, whatever its case", "[upstream_choice]") {
    const auto all = candidates(5);
    auto fewer = all;
    fewer[3].usable = false;
    int moved = 0;
    for (int i = 0; i < 1'000; ++i) {
        const auto hash = hash_of_name(name_of("n" + std::to_string(i) + ".example").wire());
        const auto before = *choose_upstream(Policy::hash, all, {0, 0, hash});
        const auto after = *choose_upstream(Policy::hash, fewer, {0, 0, hash});
        if (before == 3) {
            ++moved;
        } else {
            CHECK(before == after);
        }
    }
    CHECK(moved > 150);
    CHECK(moved < 250);
    CHECK(hash_of_name(name_of("Host.EXAMPLE").wire()) == hash_of_name(name_of("host.example").wire()));
}
