// SPDX-License-Identifier: MIT
// Names above patterns: NXDOMAIN for them would deny what stands below (RFC 8020).
#include <map>

#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

using NamesAbove = RouteTable::NamesAbove;

std::shared_ptr<const RouteSettings> answering(LocalAnswer answer) {
    auto settings = std::make_shared<RouteSettings>();
    settings->answer = answer;
    return settings;
}

/// `denied` answer NXDOMAIN.
std::shared_ptr<const RouteTable> table_over(const std::vector<std::string>& routed,
                                             const std::vector<std::string>& denied = {},
                                             NamesAbove names_above = NamesAbove::always) {
    return RouteTable::build({file_of("routed.prox", routed),
                              file_of("denied.prox", denied, answering(LocalAnswer::nxdomain))},
                             net::process_hash(), names_above)
        .table;
}

bool is_above(const RouteTable& table, std::string_view name) {
    const dns::Name parsed = name_of(name);
    const bool above = table.is_above_a_pattern(parsed.wire());
    CHECK(table.pattern_below(parsed.wire()).empty() == !above);
    CHECK((table.truthful(LocalAnswer::nxdomain, parsed.wire()) == LocalAnswer::nodata) == above);
    return above;
}

}  // namespace

TEST_CASE("what is above a pattern depends on its form", "[names_above]") {
    SECTION("an exact name: not itself") {
        const auto table = table_over({"a.b.test"});
        for (const auto* name : {"b.test", "test", "."}) CHECK(is_above(*table, name));
        for (const auto* name : {"a.b.test", "x.a.b.test", "x.b.test", "xb.test", "est", "b", "a.b"}) {
            CHECK_FALSE(is_above(*table, name));
        }
    }
    SECTION("a wildcard: what it stands under too") {
        const auto table = table_over({"*.b.test"});
        for (const auto* name : {"b.test", "test", "."}) CHECK(is_above(*table, name));
        for (const auto* name : {"x.b.test", "x.test", "*.b.test"}) CHECK_FALSE(is_above(*table, name));
    }
    SECTION("a leading dot: as a wildcard") {
        const auto table = table_over({".b.test"});
        for (const auto* name : {"b.test", "test", "."}) CHECK(is_above(*table, name));
        for (const auto* name : {"x.b.test", "x.test"}) CHECK_FALSE(is_above(*table, name));
    }
    SECTION("of a single label: the root alone, or both") {
        const auto exact = table_over({"test"});
        CHECK(is_above(*exact, "."));
        CHECK_FALSE(is_above(*exact, "test"));
        const auto wildcard = table_over({"*.test"});
        CHECK(is_above(*wildcard, "."));
        CHECK(is_above(*wildcard, "test"));
    }
    SECTION("an asterisk: the root alone, which it stands under") {
        const auto table = table_over({"*"});
        CHECK(is_above(*table, "."));
        CHECK_FALSE(is_above(*table, "test"));
    }
    SECTION("no pattern at all") {
        const auto table = table_over({});
        for (const auto* name : {".", "test"}) CHECK_FALSE(is_above(*table, name));
        CHECK_FALSE(is_above(RouteTable(), "."));
    }
}

TEST_CASE("patterns that answer NXDOMAIN themselves hold nothing up", "[names_above]") {
    const auto table = table_over({".a.b.corp.test"}, {".corp.test", "*.ads.corp.test", "*"}, NamesAbove::where_needed);
    for (const auto* name : {"b.corp.test", "corp.test", "test", "."}) CHECK(is_above(*table, name));
    for (const auto* name : {"ads.corp.test", "x.ads.corp.test", "x.corp.test", "other"}) {
        CHECK_FALSE(is_above(*table, name));
    }
    CHECK(table->pattern_below(name_of("b.corp.test").wire()) == ".a.b.corp.test");
}

TEST_CASE("every answer but NXDOMAIN stays, and so holds names above it up", "[names_above]") {
    for (const auto answer : {LocalAnswer::none, LocalAnswer::refused, LocalAnswer::nodata, LocalAnswer::servfail,
                              LocalAnswer::drop}) {
        const auto built = RouteTable::build({file_of("a.prox", {"a.b.test"}, answering(answer))}, net::process_hash(),
                                             NamesAbove::always);
        CHECK(is_above(*built.table, "b.test"));
        CHECK(built.table->truthful(answer, name_of("b.test").wire()) == answer);
    }
}

TEST_CASE("names above patterns are known where an answer needs them", "[names_above]") {
    const std::vector<std::string> routed{"a.b.test"};
    const auto without = table_over(routed, {}, NamesAbove::where_needed);
    CHECK_FALSE(without->is_above_a_pattern(name_of("b.test").wire()));
    const auto with = table_over(routed, {"x.test"}, NamesAbove::where_needed);
    CHECK(is_above(*with, "b.test"));
    CHECK(table_over(routed)->memory_bytes() > without->memory_bytes());
}

TEST_CASE("a name above a pattern is the same in any case and with any bytes", "[names_above]") {
    const auto table = table_over({R"(a.q\.r\000\032.Test)", R"(b.\195\132.test)"});
    CHECK(is_above(*table, R"(q\.r\000\032.test)"));
    CHECK(is_above(*table, R"(Q\.R\000\032.TEST)"));
    CHECK(is_above(*table, R"(\195\132.tEST)"));
    CHECK_FALSE(is_above(*table, R"(\195\164.test)"));  // another letter, in lower case only to who knows UTF-8
    CHECK_FALSE(is_above(*table, "r.test"));
    CHECK_FALSE(is_above(*table, R"(q.r\000\032.test)"));
    CHECK_FALSE(is_above(*table, R"(\001q.test)"));
}

TEST_CASE("the deepest and the longest names can be above and below", "[names_above]") {
    std::string deepest = "x";
    for (int label = 2; label <= 127; ++label) deepest = "x." + deepest;
    const auto deep = table_over({deepest});
    for (std::size_t labels = 1; labels < 127; ++labels) {
        INFO(labels);
        CHECK(is_above(*deep, deepest.substr(2 * (127 - labels))));
    }
    CHECK_FALSE(is_above(*deep, deepest));
    CHECK(is_above(*table_over({"*." + deepest.substr(2)}), deepest.substr(2)));

    const std::string label(63, 'l');
    const std::string longest = std::string(61, 'm') + "." + label + "." + label + "." + label;
    const auto longs = table_over({longest});
    CHECK(is_above(*longs, label + "." + label + "." + label));
    CHECK_FALSE(is_above(*longs, longest));
}

TEST_CASE("a section that is left out holds nothing up", "[names_above]") {
    const auto built = RouteTable::build({file_of("a.prox", {"a.test", "a.test b.c.other"})}, net::process_hash(),
                                         NamesAbove::always);
    REQUIRE(built.duplicates.size() == 1);
    CHECK(is_above(*built.table, "test"));
    CHECK_FALSE(is_above(*built.table, "c.other"));
    CHECK_FALSE(is_above(*built.table, "other"));
}

TEST_CASE("many names above patterns are those of a plain search", "[names_above]") {
    std::map<std::string, bool> expected;
    std::vector<std::string> routed;
    std::vector<std::string> denied;
    for (int one = 0; one < 60; ++one) {
        for (int two = 0; two < 60; ++two) {
            for (int three = 0; three < 30; ++three) {  // beyond what is kept between two sorts
                const auto below = "b" + std::to_string(two) + ".c" + std::to_string(one) + ".test";
                (one % 2 == 0 ? routed : denied).push_back("a" + std::to_string(three) + "." + below);
                expected[below] = one % 2 == 0;
                expected[below.substr(below.find('.') + 1)] = one % 2 == 0;
            }
        }
    }
    const auto table = table_over(routed, denied, NamesAbove::where_needed);
    std::size_t wrong = 0;
    for (const auto& [name, above] : expected) {
        wrong += static_cast<std::size_t>(table->is_above_a_pattern(name_of(name).wire()) != above);
    }
    CHECK(wrong == 0);
}

TEST_CASE("what is no name is above nothing", "[names_above]") {
    const auto table = table_over({"a.test"});
    using Bytes = std::vector<std::uint8_t>;
    for (const Bytes& bytes : {Bytes{}, Bytes{4, 't', 'e', 's', 't'}, Bytes{0, 0}, Bytes{9, 't', 0}, Bytes(256, 1)}) {
        CHECK_FALSE(table->is_above_a_pattern(bytes));
        CHECK(table->pattern_below(bytes).empty());
    }
}

}  // namespace dproxy::routing
