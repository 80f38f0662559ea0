// SPDX-License-Identifier: MIT
#include "routing/section_choice.hpp"

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <random>
#include <string_view>
#include <tuple>
#include <utility>

#include "catch.hpp"

namespace dproxy::routing {
namespace {

/// One choice, section after section; a section's route is its number.
class Sections {
public:
    Sections& add(std::initializer_list<std::string_view> clients, std::vector<std::uint16_t> types = {}) {
        std::vector<net::Network> networks;
        for (const std::string_view text : clients) networks.push_back(*net::Network::parse(text));
        audiences_.push_back({std::move(networks), std::move(types)});
        list_.push_back({static_cast<RouteIndex>(list_.size()), &audiences_.back()});
        return *this;
    }
    SectionChoices choices() const { return SectionChoices(std::vector<std::vector<SectionForSome>>(1, list_)); }

private:
    std::deque<Audience> audiences_;
    std::vector<SectionForSome> list_;
};

RouteIndex chosen(const SectionChoices& choices, std::string_view client, std::uint16_t type = 1) {
    const auto address = net::Address::parse(client);
    const Asker asker{address ? &*address : nullptr, type};
    return SectionChoices::For(choices, asker).choose(0);
}

/// The longest network, then the type, then the first, by asking each section.
RouteIndex chosen_by_each(const std::vector<SectionForSome>& sections, const Asker& asker) {
    RouteIndex best = no_route;
    std::pair<int, bool> best_rank;
    for (const SectionForSome& one : sections) {
        if (!one.audience->is_for_client(asker) || !one.audience->is_for_type(asker)) continue;
        int longest = -1;  // of all clients
        for (const net::Network& network : one.audience->clients) {
            if (network.contains(*asker.client)) longest = std::max<int>(longest, network.prefix);
        }
        const std::pair rank(longest, !one.audience->types.empty());
        if (best == no_route || rank > best_rank) std::tie(best, best_rank) = std::pair(one.route, rank);
    }
    return best;
}

}  // namespace

TEST_CASE("the longest network of the client wins, then the type, then the first", "[section_choice]") {
    Sections sections;
    sections.add({"10.0.0.0/8"}).add({}).add({"10.1.0.0/16", "192.0.2.0/24"}, {1, 28}).add({}, {28});
    sections.add({"10.1.0.0/16"}).add({"10.0.0.0/8", "fd00::/8"});
    const SectionChoices choices = sections.choices();
    CHECK(chosen(choices, "10.2.0.1") == 0);
    CHECK(chosen(choices, "10.1.0.1") == 2);
    CHECK(chosen(choices, "10.1.0.1", 15) == 4);
    CHECK(chosen(choices, "fd00::1", 28) == 5);
    CHECK(chosen(choices, "198.51.100.1") == 1);
    CHECK(chosen(choices, "198.51.100.1", 28) == 3);
    CHECK(chosen(choices, "192.0.2.1") == 2);
    CHECK(chosen(choices, "192.0.2.1", 15) == 1);
    CHECK(chosen(choices, "", 28) == 3);
}

TEST_CASE("a longer network without a section for the type leaves the query to a shorter one", "[section_choice]") {
    Sections sections;
    sections.add({"10.1.1.0/24"}, {28}).add({"10.1.0.0/16"}, {15}).add({"10.0.0.0/8"});
    const SectionChoices choices = sections.choices();
    CHECK(chosen(choices, "10.1.1.1", 28) == 0);
    CHECK(chosen(choices, "10.1.1.1", 15) == 1);
    CHECK(chosen(choices, "10.1.1.1", 1) == 2);
    CHECK(chosen(choices, "11.0.0.1", 1) == no_route);
    CHECK(chosen(choices, "", 1) == no_route);
}

TEST_CASE("many sections with one network, and one section with many networks", "[section_choice]") {
    Sections many;
    for (std::uint16_t type = 1; type < 500; ++type) many.add({"10.0.0.0/8"}, {type});
    CHECK(chosen(many.choices(), "10.0.0.1", 77) == 76);
    CHECK(chosen(many.choices(), "10.0.0.1", 500) == no_route);
    Sections offices;
    for (int office = 0; office < 200; ++office) {
        offices.add({std::string_view("10." + std::to_string(office) + ".0.0/16")});
    }
    CHECK(chosen(offices.choices(), "10.123.4.5") == 123);
    CHECK(chosen(offices.choices(), "10.201.4.5") == no_route);
}

TEST_CASE("random choices of the same sections: as if each section were asked", "[section_choice]") {
    const std::vector<std::string> networks{"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/17", "10.1.2.0/24",
                                            "10.1.2.3",  "10.2.0.0/16", "fd00::/8",   "fd00:1::/32"};
    const std::vector<std::string> clients{"10.1.2.3", "10.1.2.4", "10.1.200.1", "10.2.0.1", "11.0.0.1", "fd00:1::1",
                                           "fd00:2::1", "2001:db8::1"};
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
        std::vector<Audience> audiences(1 + below(12));
        for (Audience& audience : audiences) {
            for (std::size_t count = below(4); count > 0; --count) {
                const net::Network network = *net::Network::parse(networks[below(networks.size())]);
                const auto at = std::lower_bound(audience.clients.begin(), audience.clients.end(), network);
                if (at == audience.clients.end() || *at != network) audience.clients.insert(at, network);
            }
            if (below(3) == 0) audience.types = {static_cast<std::uint16_t>(1 + below(3))};
        }
        std::vector<std::vector<SectionForSome>> choices(1 + below(8));
        for (auto& sections : choices) {
            for (RouteIndex route = 0; route < audiences.size(); ++route) {
                if (below(2) == 0) sections.push_back({route, &audiences[route]});
            }
        }
        for (const std::size_t views : {std::size_t{0}, below(20), max_views}) {
            const SectionChoices built(choices, net::KeyedHash({seed, seed * 77ULL, seed * 0x123456789ULL}), views);
            for (std::size_t choice = 0; choice < choices.size(); ++choice) {
                INFO("seed " << seed << " views " << views << " choice " << choice);
                const net::Address client = *net::Address::parse(clients[below(clients.size())]);
                const Asker asker{&client, static_cast<std::uint16_t>(1 + below(4))};
                REQUIRE(SectionChoices::For(built, asker).choose(choice) == chosen_by_each(choices[choice], asker));
            }
        }
    }
}

}  // namespace dproxy::routing
