// SPDX-License-Identifier: MIT
#include "routing/shedding.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::routing;

namespace {

net::ClientNetwork network(std::uint8_t number) {
    return net::ClientNetwork::claimed(net::Address::v4(192, 0, number, 1));
}

/// A socket in steps of a millisecond: what is offered meets the filter, then the buffer; so many are read in a step.
struct Socket {
    Shedding shedding;
    double capacity = 40;  ///< in a step
    double cost_of_discard = 0.1;
    std::size_t buffer = 5000;
    std::vector<double> offered;  ///< of each network, in a step
    std::deque<std::uint8_t> queue;
    std::vector<double> due = std::vector<double>(8), sent = std::vector<double>(8), read = std::vector<double>(8);
    double work = 0;
    std::uint64_t read_at_look = 0, all_read = 0, dropped_at_look = 0, kernel_drops = 0, longest_queue = 0;
    std::uint64_t now_ns = 1'000'000'000;
    std::minstd_rand random{7};

    double filled() const { return static_cast<double>(queue.size()) / static_cast<double>(buffer); }
    double chance(std::size_t i) const {
        for (const KeptPart& part : shedding.kept_parts()) {
            if (part.network == network(static_cast<std::uint8_t>(i))) return part.kept;
        }
        return 1;
    }
    double waiting_of(std::size_t i) const {
        return static_cast<double>(std::count(queue.begin(), queue.end(), static_cast<std::uint8_t>(i)));
    }
    void arrive() {
        std::vector<std::uint8_t> coming;
        for (std::size_t i = 0; i < offered.size(); ++i) {
            for (due[i] += offered[i]; due[i] >= 1; --due[i]) {
                ++sent[i];
                const double drawn = std::uniform_real_distribution<double>()(random);
                if (drawn < chance(i)) coming.push_back(static_cast<std::uint8_t>(i));
            }
        }
        std::shuffle(coming.begin(), coming.end(), random);
        for (const std::uint8_t one : coming) {
            if (queue.size() < buffer) queue.push_back(one);
            else ++kernel_drops;
        }
    }
    void step() {
        now_ns += 1'000'000;
        arrive();
        longest_queue = std::max<std::uint64_t>(longest_queue, queue.size());
        for (work = std::min(work + capacity, capacity); work >= 1 && !queue.empty(); queue.pop_front()) {
            ++all_read;
            const bool admitted = !shedding.is_watching() || shedding.admits(network(queue.front()));
            if (admitted) ++read[queue.front()];
            work -= admitted ? 1 : cost_of_discard;
        }
        if (!shedding.is_due(now_ns)) return;
        const bool was_shedding = !shedding.kept_parts().empty();
        shedding.look({all_read - read_at_look, was_shedding ? 0 : kernel_drops - dropped_at_look, filled(),
                       queue.size() * 3 / 2},
                      now_ns);
        read_at_look = all_read;
        dropped_at_look = kernel_drops;
    }
    /// Without a look, as nothing turns.
    void stall(int steps) {
        now_ns += static_cast<std::uint64_t>(steps) * 1'000'000;
        for (int i = 0; i < steps; ++i) arrive();
    }
    void run(int steps) {
        for (int i = 0; i < steps; ++i) step();
    }
};

}  // namespace

TEST_CASE("the fair rate is what all may have when none has more than another wants", "[shedding]") {
    CHECK(fair_rate({10, 10, 10}, 30) == Approx(10));
    CHECK(fair_rate({100, 10, 10}, 60) == Approx(40));
    CHECK(fair_rate({100, 100, 10}, 60) == Approx(25));
    CHECK(fair_rate({5, 5}, 60) >= 5);
    CHECK(fair_rate({}, 60) == Approx(60));
}

TEST_CASE("who sends most is found among very many", "[shedding]") {
    HeavyNetworks heavy;
    for (int i = 0; i < 20'000; ++i) {
        heavy.note(net::ClientNetwork::claimed(net::Address::v4(10, static_cast<std::uint8_t>(i % 251),
                                                                static_cast<std::uint8_t>(i % 241), 1)));
        if (i % 4 == 0) heavy.note(network(7));
    }
    const auto offers = heavy.take(2);
    const auto found = std::max_element(offers.begin(), offers.end(),
                                        [](const Offer& a, const Offer& b) { return a.queries < b.queries; });
    REQUIRE(found != offers.end());
    CHECK(found->network == network(7));
    CHECK(found->queries > 2 * 3000);
    CHECK(heavy.empty());
}

TEST_CASE("without pressure nobody is looked at", "[shedding]") {
    Socket socket;
    socket.offered = {30, 2, 2, 2};
    socket.run(2000);
    CHECK_FALSE(socket.shedding.is_watching());
    CHECK(socket.shedding.kept_parts().empty());
    CHECK(socket.kernel_drops == 0);
}

TEST_CASE("one that floods is shed, and the others lose nothing", "[shedding]") {
    for (const double times : {1.2, 2.0, 4.0, 20.0}) {
        INFO(times << " x capacity");
        Socket socket;
        const double all = socket.capacity * times;
        const double other = std::min(all / 30, 3.0);
        socket.offered = {all - 3 * other, other, other, other};
        socket.run(1000);
        const double before = socket.read[0] + socket.read[1] + socket.read[2] + socket.read[3];
        socket.longest_queue = 0;
        constexpr int steps = 10'000;
        socket.run(steps);
        for (std::size_t i = 1; i < 4; ++i) {
            INFO("network " << i);
            CHECK(socket.read[i] + socket.waiting_of(i) >= 0.99 * socket.sent[i]);
        }
        const double all_read = socket.read[0] + socket.read[1] + socket.read[2] + socket.read[3] - before;
        CHECK(all_read >= 0.9 * socket.capacity * steps);
        CHECK(static_cast<double>(socket.longest_queue) < socket.capacity * 25);  // milliseconds
        socket.offered = {3, other, other, other};
        socket.run(4000);
        CHECK(socket.shedding.kept_parts().empty());
        CHECK_FALSE(socket.shedding.is_watching());
    }
}

TEST_CASE("a bad moment costs no more than itself", "[shedding]") {
    Socket socket;
    socket.offered = {15};
    socket.run(500);
    SECTION("the program had an eighth of its CPU") {
        socket.capacity = 5;
        socket.run(200);
        socket.capacity = 40;
    }
    SECTION("it had none, twice") {
        socket.stall(120);
        socket.step();
        socket.stall(120);
    }
    socket.run(1000);
    CHECK(socket.shedding.kept_parts().empty());
    CHECK(socket.read[0] + socket.waiting_of(0) == Approx(socket.sent[0]));
    socket.run(2000);
    CHECK_FALSE(socket.shedding.is_watching());
}
