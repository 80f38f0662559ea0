// SPDX-License-Identifier: MIT
// What a running instance knows about itself, made up.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "publication/publisher.hpp"
#include "server/status_facts.hpp"
#include "unit/routing/table_of_patterns.hpp"

namespace dproxy::test {

inline constexpr std::uint64_t second = 1'000'000'000;

/// One route file with some routes to two upstreams, and one worker.
struct StatusScene {
    telemetry::WorkerCounters counters{telemetry::first_route_slot + 10, telemetry::first_upstream_slot + 10};
    std::shared_ptr<const routing::RouteSettings> settings;
    server::StatusFacts facts;

    /// `sections` of d/a.prox, as routing::file_of takes them; `upstreams` as they are written.
    explicit StatusScene(const std::vector<std::string>& sections = {"a.test", "*.b.test"},
                         const std::vector<std::string>& upstreams = {"192.0.2.1", "192.0.2.2:54"},
                         std::size_t labels = 10) {
        auto made = std::make_shared<routing::RouteSettings>();
        for (const std::string& upstream : upstreams) {
            made->targets.push_back({"", *net::Endpoint::parse(upstream, 53)});
        }
        settings = made;
        const auto table = routing::RouteTable::build({routing::file_of("d/a.prox", sections, settings)}).table;
        proxy::Publisher publisher(nullptr, labels, labels);
        const proxy::AddressBook nothing_resolved;
        publisher.take_table(table, {});
        facts.publication = publisher.make({nothing_resolved}, {}).publication;
        facts.version = "1.2.3";
        facts.revision = "abcdef";
        facts.uptime_seconds = 100;
        facts.listen.plain = {*net::Endpoint::parse("127.0.0.1:53", 0)};
        facts.workers = 1;
        facts.counters = {&counters};
        facts.now_ns = 1000 * second;
        facts.loops = std::make_shared<const routing::LoopMarks>();
        facts.left_out = std::make_shared<const std::vector<server::LeftOutReport>>();
        change_routes([&](config::RoutesState& routes) {
            routes.table = table;
            routes.routes = table->route_count();
            routes.hash = "c0ffee";
            routes.success = true;
            routes.files = {{"d/a.prox", true, true}};
        });
    }

    template <typename Change>
    void change_routes(const Change& change) {
        config::RoutesState routes;
        if (facts.routes) routes = *facts.routes;
        change(routes);
        facts.routes = std::make_shared<const config::RoutesState>(std::move(routes));
    }
    const proxy::UpstreamSpec& upstream(std::size_t index) const { return facts.publication->pools->upstreams[index]; }
    void add_loop(const std::string& domain, std::size_t pattern_length, std::uint64_t since_ns) {
        std::vector<routing::LoopMark> marks = facts.loops->list();
        routing::LoopPlace place{settings, 1, "*.b.test", "d/a.prox", 11, routing::name_of(domain), pattern_length};
        marks.push_back({std::move(place), "192.0.2.1:53", since_ns});
        facts.loops = std::make_shared<const routing::LoopMarks>(std::move(marks));
    }
};

}  // namespace dproxy::test
