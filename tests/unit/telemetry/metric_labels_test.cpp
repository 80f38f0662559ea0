// SPDX-License-Identifier: MIT
#include "telemetry/metric_labels.hpp"

#include <thread>

#include "catch.hpp"

using namespace dproxy::telemetry;

TEST_CASE("labels are there before the first are published", "[metric_labels]") {
    PublishedLabels published;
    REQUIRE(published.current());
    CHECK(published.current()->routes.empty());
    const auto before = published.current();
    published.publish(std::make_shared<const MetricLabels>(MetricLabels{{{3, "a"}}, {}}));
    CHECK(published.current()->routes.size() == 1);
    CHECK(before->routes.empty());
}

TEST_CASE("who reads labels while others are published has one list or the other", "[metric_labels]") {
    PublishedLabels published;
    constexpr std::size_t most = 500;
    std::thread publisher([&] {
        for (std::size_t count = 1; count <= most; ++count) {
            MetricLabels labels;
            labels.routes.assign(count, {first_route_slot, std::to_string(count)});
            published.publish(std::make_shared<const MetricLabels>(std::move(labels)));
        }
    });
    for (std::size_t seen = 0; seen < most;) {
        const auto labels = published.current();
        REQUIRE(labels->routes.size() >= seen);
        seen = labels->routes.size();
        for (const RouteLabel& route : labels->routes) REQUIRE(route.label == std::to_string(seen));
    }
    publisher.join();
}
