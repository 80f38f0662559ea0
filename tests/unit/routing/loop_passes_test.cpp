// SPDX-License-Identifier: MIT
#include "routing/loop_passes.hpp"

#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

const net::Address office = net::Address::v4(10, 0, 0, 1), other = net::Address::v4(192, 0, 2, 1);

/// `.x.test` for everybody (route 0), and for 10.0.0.0/8 (route 1), of these AAAA apart (route 2).
std::shared_ptr<const RouteTable> some_table() {
    RouteFileBuilder builder("a.prox");
    std::uint32_t line = 0;
    for (const Audience& audience :
         {Audience{}, Audience{{*net::Network::parse("10.0.0.0/8")}, {}},
          Audience{{*net::Network::parse("10.0.0.0/8")}, {28}}}) {
        auto settings = std::make_shared<RouteSettings>();
        settings->audience = audience;
        builder.begin_section(++line, audience.label_of(".x.test"), settings);
        add_pattern(builder, ".x.test");
    }
    return RouteTable::build({builder.finish()}).table;
}

LoopPlace place_of(const RouteTable& table, RouteIndex route) {
    LoopPlace place;
    place.settings = table.settings_list()[table.settings_index(route)];
    place.route_key = table.key(route);
    place.domain = name_of("x.test");
    place.pattern_length = place.domain.wire().size();
    return place;
}

}  // namespace

TEST_CASE("a probe that comes back to its own section goes round", "[loop_passes]") {
    const auto table = some_table();
    const dns::Name probe = name_of("token.x.test");
    LoopPasses passes;
    CHECK(passes.goes_round(*table, place_of(*table, 0), probe.wire(), other));
    CHECK(passes.goes_round(*table, place_of(*table, 1), probe.wire(), office));
    CHECK(passes.goes_round(*table, place_of(*table, 2), probe.wire(), office));
    CHECK(passes.size() == 0);
    const auto plain = table_of({".x.test"});
    CHECK(passes.goes_round(*plain, place_of(*table, 0), probe.wire(), office));
}

TEST_CASE("what goes on by another section goes round only where that one leads back", "[loop_passes]") {
    const auto table = some_table();
    const dns::Name probe = name_of("token.x.test");
    LoopPasses passes;
    CHECK_FALSE(passes.goes_round(*table, place_of(*table, 1), probe.wire(), other));
    CHECK_FALSE(passes.goes_round(*table, place_of(*table, 1), probe.wire(), other));
    CHECK(passes.goes_round(*table, place_of(*table, 0), probe.wire(), office));
    CHECK(passes.size() == 2);
    passes.retain([&](const RouteSettings* settings, std::uint64_t) { return settings == &table->settings(0); });
    CHECK(passes.size() == 1);
    CHECK_FALSE(passes.goes_round(*table, place_of(*table, 2), probe.wire(), other));
}

TEST_CASE("a section's probes ask for a type that it sees", "[loop_passes]") {
    RouteSettings settings;
    CHECK(probe_type_of(settings) == dns::type::hinfo);
    settings.audience.types = {1, 28};
    CHECK(probe_type_of(settings) == 1);
    settings.audience.types = {1, 13, 28};
    CHECK(probe_type_of(settings) == dns::type::hinfo);
}

}  // namespace dproxy::routing
