// SPDX-License-Identifier: MIT
// A pattern in several sections: which one a query sees, and which sections are left out.
#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "routing/pattern_text.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

struct Section {
    std::string patterns;
    std::vector<std::string> clients{};
    std::vector<std::uint16_t> types{};
};

std::shared_ptr<const RouteSettings> settings_of(const Section& section) {
    std::vector<net::Network> networks;
    for (const std::string& text : section.clients) networks.push_back(*net::Network::parse(text));
    std::sort(networks.begin(), networks.end());
    auto settings = std::make_shared<RouteSettings>();
    settings->audience = {std::move(networks), section.types};
    return settings;
}

RouteTable::Build build(const std::vector<Section>& sections) {
    RouteFileBuilder builder("test.prox");
    std::uint32_t line = 0;
    for (const Section& section : sections) {
        const auto settings = settings_of(section);
        builder.begin_section(++line, settings->audience.label_of(section.patterns), settings);
        for (std::size_t at = 0; at <= section.patterns.size();) {
            const std::size_t end = std::min(section.patterns.find(' ', at), section.patterns.size());
            add_pattern(builder, std::string_view(section.patterns).substr(at, end - at));
            at = end + 1;
        }
    }
    return RouteTable::build({builder.finish()});
}

/// The line of the section that a query sees, 0 for none.
std::uint32_t seen(const RouteTable& table, std::string_view name, std::string_view client, std::uint16_t type = 1) {
    const auto address = net::Address::parse(client);
    const RouteIndex route = table.find(name_of(name).wire(), {address ? &*address : nullptr, type});
    return route == no_route ? 0 : table.source(route).line;
}

std::vector<Section> random_sections(unsigned seed) {
    static const std::vector<std::string> patterns{"a.test", ".a.test", "*.a.test", "*.test", "*", "b.test"};
    static const std::vector<std::string> nets{"10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "fd00::/8", "0.0.0.0/0"};
    std::mt19937 random(seed);
    const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
    std::vector<Section> sections(1 + below(12));
    for (Section& section : sections) {
        section.patterns = patterns[below(patterns.size())];
        std::set<std::string> clients;
        for (std::size_t i = below(3); i > 0; --i) clients.insert(nets[below(nets.size())]);
        section.clients.assign(clients.begin(), clients.end());
        if (below(3) == 0) section.types = {28};
        if (below(6) == 0) section.types = {1, 28};
    }
    return sections;
}

/// How well a pattern fits: the exact one best, then the longest; 0 where it does not.
std::size_t fit_of(const std::string& pattern, const std::string& name) {
    if (pattern == "*") return 1;
    const std::string domain = pattern.substr(pattern.find_first_not_of("*."));
    if (name == domain) return pattern.starts_with('*') ? 0 : 1000;
    const bool below = pattern.starts_with('*') || pattern.starts_with('.');
    return below && name.ends_with("." + domain) ? 1 + domain.size() : 0;
}

/// The longest network, 1 for all clients, 0 where the client is in none.
int network_of(const Section& section, const std::string& client) {
    int longest = section.clients.empty() ? 1 : 0;
    for (const std::string& text : section.clients) {
        const auto network = net::Network::parse(text);
        if (network->contains(*net::Address::parse(client))) longest = std::max(longest, network->prefix + 2);
    }
    return longest;
}

std::uint32_t line_by_the_rule(const std::vector<Section>& sections, const std::vector<Duplicate>& left_out,
                               const std::string& name, const std::string& client, std::uint16_t type) {
    std::tuple<std::size_t, int, bool> best;
    std::uint32_t line = 0;
    for (std::uint32_t i = 0; i < sections.size(); ++i) {
        const Section& section = sections[i];
        if (std::any_of(left_out.begin(), left_out.end(), [i](const auto& one) { return one.line == i + 1; })) continue;
        const bool has_type = std::find(section.types.begin(), section.types.end(), type) != section.types.end();
        const std::tuple mine(fit_of(section.patterns, name), network_of(section, client), has_type);
        if (std::get<0>(mine) == 0 || std::get<1>(mine) == 0 || (!section.types.empty() && !has_type)) continue;
        if (line != 0 && mine <= best) continue;
        best = mine;
        line = i + 1;
    }
    return line;
}

}  // namespace

TEST_CASE("a name falls from a section for some to a less specific one for everybody else", "[route_table]") {
    const auto built = build({{"a.example.com", {"10.0.0.0/8"}}, {"*.example.com"}, {"*", {}, {28}}});
    REQUIRE(built.duplicates.empty());
    const RouteTable& table = *built.table;
    CHECK(table.depends_on_asker());
    CHECK(seen(table, "a.example.com", "10.1.1.1") == 1);
    CHECK(seen(table, "a.example.com", "11.1.1.1") == 2);
    CHECK(seen(table, "A.example.com", "") == 2);
    CHECK(seen(table, "b.a.example.com", "10.1.1.1") == 2);
    CHECK(seen(table, "a.example.org", "10.1.1.1", 28) == 3);
    CHECK(seen(table, "a.example.org", "10.1.1.1", 1) == 0);
    CHECK_FALSE(build({{"*.example.com"}}).table->depends_on_asker());
}

TEST_CASE("a pattern may stand in sections for different clients or types", "[route_table]") {
    const auto built = build({{".x.test"},
                              {".x.test", {"10.0.0.0/8"}},
                              {".x.test", {"10.1.0.0/16"}},
                              {".x.test", {}, {28}},
                              {".x.test *.y.test", {"10.1.0.0/16"}, {28}}});
    REQUIRE(built.duplicates.empty());
    CHECK(seen(*built.table, "x.test", "192.0.2.1") == 1);
    CHECK(seen(*built.table, "www.x.test", "10.2.0.1") == 2);
    CHECK(seen(*built.table, "x.test", "10.1.0.1") == 3);
    CHECK(seen(*built.table, "www.x.test", "192.0.2.1", 28) == 4);
    CHECK(seen(*built.table, "x.test", "10.1.0.1", 28) == 5);
    CHECK(seen(*built.table, "a.y.test", "10.1.0.1", 28) == 5);
    CHECK(seen(*built.table, "a.y.test", "10.1.0.1", 1) == 0);
    for (RouteIndex route = 0; route < built.table->route_count(); ++route) {
        CHECK(built.table->find_label(built.table->label(route)) == route);
    }
    CHECK(built.table->find_label("[.x.test] clients=10.3.0.0/16") == no_route);
    CHECK(built.table->matches(name_of("x.test").wire()).size() == 5);
    CHECK(built.table->ways(name_of("x.test").wire()).size() == 5);
    CHECK(built.table->ways(name_of("a.y.test").wire()).size() == 1);
    CHECK(built.table->listed().size() == 11);
    CHECK(built.table->pattern_length(name_of("a.b.x.test").wire(), 2) == name_of("x.test").wire().size());
}

TEST_CASE("a pattern twice for the same clients and types is left out", "[route_table]") {
    const auto built = build({{".x.test", {"10.0.0.0/8", "fd00::/8"}, {1, 28}},
                              {"y.test x.test", {"fd00::/8", "10.0.0.0/8"}, {1, 28}},
                              {"y.test", {"10.0.0.0/8"}},
                              {"x.test x.test", {"10.0.0.0/8"}},
                              {"x.test"},
                              {"x.test z.test"},
                              {"z.test", {"10.0.0.0/8"}}});
    REQUIRE(built.duplicates.size() == 3);
    CHECK(built.duplicates[0].line == 2);
    CHECK(built.duplicates[0].first_line == 1);
    CHECK(built.duplicates[1].line == 4);
    CHECK(built.duplicates[1].first_line == 4);
    CHECK(built.duplicates[2].line == 6);
    CHECK(built.duplicates[2].first_line == 5);
    CHECK(built.table->route_count() == 4);
    CHECK(seen(*built.table, "y.test", "10.0.0.1") == 3);
    CHECK(seen(*built.table, "x.test", "10.0.0.1", 15) == 5);
    CHECK(seen(*built.table, "z.test", "10.0.0.1") == 7);
    CHECK(seen(*built.table, "z.test", "11.0.0.1") == 0);
}

TEST_CASE("a pattern stands in a bounded number of sections", "[route_table]") {
    std::vector<Section> sections;
    for (std::size_t i = 0; i <= max_sections_of_a_pattern; ++i) {
        sections.push_back({"x.test", {"10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24"}});
    }
    const auto built = build(sections);
    REQUIRE(built.duplicates.size() == 1);
    CHECK(built.duplicates[0].why == Duplicate::Why::too_many_sections);
    CHECK(built.duplicates[0].line == max_sections_of_a_pattern + 1);
    CHECK(built.duplicates[0].first_line == 1);
    CHECK(seen(*built.table, "x.test", "10.3.249.1") == 1000);
}

TEST_CASE("patterns that stand in the same sections share what is kept of them", "[route_table]") {
    std::vector<Section> few{{"a0.test", {"10.0.0.0/8"}}}, many{{"a0.test", {"10.0.0.0/8"}}};
    for (int i = 1; i < 1000; ++i) many[0].patterns += " a" + std::to_string(i) + ".test";
    // A name costs its slot and its tag, with and without clients.
    const std::size_t bytes = build(many).table->memory_bytes() - build(few).table->memory_bytes();
    CHECK(bytes < 1000 * 40);
}

TEST_CASE("random sections: as the rule says it", "[route_table]") {
    const std::vector<std::string> names{"a.test", "b.test", "x.a.test", "test"};
    const std::vector<std::string> clients{"10.1.1.1", "10.1.2.1", "10.2.0.1", "fd00::1", "192.0.2.1", "2001:db8::1"};
    const std::vector<std::uint16_t> types{1, 28, 15};
    for (unsigned seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        const std::vector<Section> sections = random_sections(seed);
        const auto built = build(sections);
        for (const std::string& name : names) {
            for (const std::string& client : clients) {
                for (const std::uint16_t type : types) {
                    INFO(name << " " << client << " " << type);
                    REQUIRE(seen(*built.table, name, client, type) ==
                            line_by_the_rule(sections, built.duplicates, name, client, type));
                }
            }
        }
    }
}

}  // namespace dproxy::routing
