// SPDX-License-Identifier: MIT
#include "upstreams/pool_choice.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "unit/upstreams/some_generations.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

struct Trial : SomeGenerations {
    const io::SocketAddress client{*net::Endpoint::parse("192.0.2.1", 1000)};
    std::vector<Upstream*> tried;

    Trial() {
        adopt({1001, 1002, 1003});
        context.now_ns = 1000 * io::second_ns;
    }
    Upstream* choose() {
        const auto name = test::name("a.test");
        return choose_from_pool({generations.current(), 0, tried, name, client}, context);
    }
    std::size_t fresh() { return count_fresh({generations.current(), 0, tried, {}, client}); }
    void take_down(std::uint16_t port) {
        UpstreamHealth& health = *upstream(port).spec().health;
        health.up = false;
        health.changed_ns = context.now_ns;
        health.probes_tell = health.down_by_probes = true;
    }
};

}  // namespace

TEST_CASE("one upstream after the other is chosen, and of those that are up", "[pool_choice]") {
    Trial trial;
    CHECK(trial.fresh() == 3);
    trial.take_down(1002);
    CHECK(trial.fresh() == 2);
    std::vector<Upstream*> chosen;
    for (int i = 0; i < 6; ++i) chosen.push_back(trial.choose());
    for (const int port : {1001, 1003}) {
        CHECK(std::count(chosen.begin(), chosen.end(), &trial.upstream(static_cast<std::uint16_t>(port))) > 0);
    }
    CHECK(std::count(chosen.begin(), chosen.end(), &trial.upstream(1002)) == 0);
}

TEST_CASE("one that was tried is chosen again only when no other is up", "[pool_choice]") {
    Trial trial;
    trial.tried = {&trial.upstream(1001), &trial.upstream(1003)};
    CHECK(trial.fresh() == 1);
    CHECK(trial.choose() == &trial.upstream(1002));
    trial.take_down(1002);
    CHECK(trial.fresh() == 0);
    CHECK(trial.choose() != &trial.upstream(1002));
}

TEST_CASE("when all are down one is risked, the one that was heard last, and not for every query", "[pool_choice]") {
    Trial trial;
    for (const int port : {1001, 1002, 1003}) trial.take_down(static_cast<std::uint16_t>(port));
    trial.upstream(1002).spec().health->heard_ns = 7;
    CHECK(trial.choose() == &trial.upstream(1002));
    CHECK(trial.choose() != &trial.upstream(1002));
    CHECK(trial.choose() != nullptr);
    CHECK(trial.choose() == nullptr);
    trial.tried = {&trial.upstream(1002)};  // one that was risked goes on to the next
    CHECK(trial.choose() != nullptr);
    CHECK(trial.choose() != &trial.upstream(1002));
}

TEST_CASE("the only one of a pool is asked while it is up", "[pool_choice]") {
    Trial trial;
    trial.adopt({1005});
    trial.tried = {&trial.upstream(1005)};
    CHECK(trial.choose() == &trial.upstream(1005));
    trial.take_down(1005);
    trial.tried.clear();
    CHECK(trial.choose() == &trial.upstream(1005));
    CHECK(trial.choose() == nullptr);
}
