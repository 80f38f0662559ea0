// SPDX-License-Identifier: MIT
#include "routing/route_table.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

std::vector<std::string> texts(const std::vector<RouteTable::Entry>& entries) {
    std::vector<std::string> out;
    for (const auto& entry : entries) out.push_back(entry.pattern);
    return out;
}

/// The rules of matching once more, in the plainest way: text compared with text.
std::string winner(const std::vector<std::string>& patterns, const std::string& name) {
    std::string best = "(none)";
    std::size_t best_length = 0;
    for (const std::string& pattern : patterns) {
        if (pattern == name) return pattern;
        std::size_t length = 0;
        if (pattern == "*") {
            length = 1;
        } else if (pattern.starts_with("*.") && name.ends_with(pattern.substr(1)) && name.size() > pattern.size() - 1) {
            length = pattern.size();
        }
        if (length > best_length) {
            best_length = length;
            best = pattern;
        }
    }
    return best;
}

}  // namespace

TEST_CASE("each form of pattern matches what it means", "[route_table]") {
    SECTION("an exact name") {
        const auto table = table_of({"example.com"});
        CHECK(found(*table, "example.com") == "example.com");
        CHECK(found(*table, "www.example.com") == "(none)");
        CHECK(found(*table, "com") == "(none)");
        CHECK(found(*table, "example.org") == "(none)");
        CHECK(found(*table, "xexample.com") == "(none)");
        CHECK(found(*table, ".") == "(none)");
    }
    SECTION("a wildcard: at any depth, not the name itself") {
        const auto table = table_of({"*.example.com"});
        CHECK(found(*table, "www.example.com") == "*.example.com");
        CHECK(found(*table, "a.b.c.d.example.com") == "*.example.com");
        CHECK(found(*table, "example.com") == "(none)");
        CHECK(found(*table, "wwwexample.com") == "(none)");
    }
    SECTION("a leading dot: both") {
        const auto table = table_of({".example.com"});
        CHECK(found(*table, "example.com") == ".example.com");
        CHECK(found(*table, "a.b.example.com") == ".example.com");
        CHECK(found(*table, "com") == "(none)");
    }
    SECTION("an asterisk: everything, the root too") {
        const auto table = table_of({"*"});
        CHECK(found(*table, "example.com") == "*");
        CHECK(found(*table, "com") == "*");
        CHECK(found(*table, ".") == "*");
    }
}

TEST_CASE("the most specific pattern wins, whatever the order", "[route_table]") {
    std::vector<std::string> sections{"*",           "*.com",           "*.example.com",
                                      "example.com", "www.example.com", "*.b.example.com"};
    std::sort(sections.begin(), sections.end());
    do {
        const auto table = table_of(sections);
        REQUIRE(found(*table, "www.example.com") == "www.example.com");
        REQUIRE(found(*table, "mail.example.com") == "*.example.com");
        REQUIRE(found(*table, "b.example.com") == "*.example.com");
        REQUIRE(found(*table, "a.b.example.com") == "*.b.example.com");
        REQUIRE(found(*table, "example.com") == "example.com");
        REQUIRE(found(*table, "other.com") == "*.com");
        REQUIRE(found(*table, "com") == "*");
        REQUIRE(found(*table, "x.www.example.com") == "*.example.com");
    } while (std::next_permutation(sections.begin(), sections.end()));
}

TEST_CASE("matching knows no case, in ASCII alone", "[route_table]") {
    const auto table = table_of({"ExAmPlE.com", "*.AZ.example", "a\\193.example"});
    CHECK(found(*table, "EXAMPLE.COM") == "ExAmPlE.com");
    CHECK(found(*table, "q.aZ.eXample") == "*.AZ.example");
    // The neighbours of A and Z, and letters of Latin-1 that differ in the same bit, are not letters here.
    CHECK(found(*table, "q.a\\090.example") == "*.AZ.example");
    CHECK(found(*table, "q.a\\058.example") == "(none)");
    CHECK(found(*table, "A\\193.example") == "a\\193.example");
    CHECK(found(*table, "a\\225.example") == "(none)");
    const auto signs = table_of({"\\@\\[.x", "\\`\\{.y"});
    CHECK(found(*signs, "\\@\\[.x") != "(none)");
    CHECK(found(*signs, "\\`\\{.x") == "(none)");
    CHECK(found(*signs, "\\@\\[.y") == "(none)");
}

TEST_CASE("labels are compared as labels, not as text", "[route_table]") {
    const auto table = table_of({"*.b.example", "a\\.b.example"});
    CHECK(found(*table, "a\\.b.example") == "a\\.b.example");
    CHECK(found(*table, "a.b.example") == "*.b.example");
    CHECK(found(*table, "x\\.b.example") == "(none)");
    const auto asterisk = table_of({"\\*.example"});
    CHECK(found(*asterisk, "\\*.example") == "\\*.example");
    CHECK(found(*asterisk, "www.example") == "(none)");
    CHECK(texts(asterisk->entries()) == std::vector<std::string>{"\\*.example"});
}

TEST_CASE("names of every length and of the most labels are found", "[route_table]") {
    for (std::size_t length = 1; length <= dns::max_label_length; ++length) {
        const std::string name = std::string(length, 'a') + ".example";
        const auto table = table_of({name, "*." + name});
        REQUIRE(found(*table, name) == name);
        REQUIRE(found(*table, "b." + name) == "*." + name);
        REQUIRE(found(*table, std::string(length - 1, 'a') + "x.example") == "(none)");
    }
    std::string deepest = "a";
    for (int i = 0; i < 126; ++i) deepest += ".a";
    REQUIRE(name_of(deepest).wire().size() == dns::max_name_length);
    const std::string parent = deepest.substr(2);
    CHECK(found(*table_of({deepest}), deepest) == deepest);
    CHECK(found(*table_of({deepest}), parent) == "(none)");
    CHECK(found(*table_of({"*." + parent}), deepest) == "*." + parent);
    CHECK(found(*table_of({"*.a"}), deepest) == "*.a");
    const auto all = table_of({"*"});
    CHECK(found(*all, deepest) == "*");
}

TEST_CASE("bytes that are no name find nothing and are not read beyond", "[route_table]") {
    const auto table = table_of({"*", "a"});
    using Bytes = std::vector<std::uint8_t>;
    for (const Bytes& bytes : {Bytes{}, Bytes{1}, Bytes{1, 'a'}, Bytes{5, 'a', 0}, Bytes{1, 'a', 0, 0}, Bytes{63},
                               Bytes(256, 0), Bytes(300, 1), Bytes(255, 255)}) {
        const std::vector<std::uint8_t> copy(bytes);  // of its own size, for the sanitizer
        CHECK(table->find(copy) == no_route);
        CHECK(table->matches(copy).empty());
    }
    CHECK(table->find(Bytes{1, 'a', 0}) == 1);
}

TEST_CASE("a table without routes finds nothing", "[route_table]") {
    CHECK(found(RouteTable(), "example.com") == "(none)");
    CHECK(found(*RouteTable::build({}).table, "example.com") == "(none)");
    CHECK(found(*RouteTable::build({file_of("empty.prox", {})}).table, ".") == "(none)");
    CHECK(RouteTable().entries().empty());
}

TEST_CASE("a table agrees with the plainest reading of the rules", "[route_table]") {
    // Few short labels, so that patterns and names meet at all depths; the seed is fixed.
    std::mt19937 random(20161);
    const std::vector<std::string> labels{"a", "b", "cc", "abcdefgh", "abcdefghi", "x-1"};
    const auto random_name = [&] {
        std::string name = labels[random() % labels.size()];
        for (auto more = random() % 5; more > 0; --more) name += '.' + labels[random() % labels.size()];
        return name;
    };
    for (int round = 0; round < 40; ++round) {
        std::vector<std::string> patterns;
        for (int i = 0; i < 60; ++i) {
            const auto form = random() % 12;
            std::string pattern = form == 0 ? "*" : form < 6 ? "*." + random_name() : random_name();
            if (std::find(patterns.begin(), patterns.end(), pattern) == patterns.end()) patterns.push_back(pattern);
        }
        const auto table = table_of(patterns);
        for (int i = 0; i < 200; ++i) {
            const std::string name = random_name();
            const std::string expected = winner(patterns, name);
            INFO(name);
            REQUIRE(found(*table, name) == expected);
            const auto matches = table->matches(name_of(name).wire());
            REQUIRE((matches.empty() ? "(none)" : matches.front().pattern) == expected);
        }
    }
}

TEST_CASE("many names share a table without a mix-up", "[route_table]") {
    std::vector<std::string> sections;
    for (int i = 0; i < 20000; ++i) sections.push_back((i % 2 == 0 ? "*.n" : "n") + std::to_string(i) + ".example");
    const auto table = table_of(sections);
    REQUIRE(table->route_count() == sections.size());
    for (int i = 0; i < 20000; ++i) {
        const std::string name = 'n' + std::to_string(i) + ".example";
        const auto index = static_cast<RouteIndex>(i);
        REQUIRE(table->find(name_of(name).wire()) == (i % 2 == 0 ? no_route : index));
        REQUIRE(table->find(name_of("www." + name).wire()) == (i % 2 == 0 ? index : no_route));
    }
}

TEST_CASE("routes are numbered by file, then by line, and know their place", "[route_table]") {
    const auto first = file_of("a/1.prox", {"b.example", "a.example"});
    const auto second = file_of("a/2.prox", {"c.example"});
    const auto table = RouteTable::build({first, second}).table;
    REQUIRE(table->route_count() == 3);
    CHECK(table->label(0) == "b.example");
    CHECK(table->source(1).file == "a/1.prox");
    CHECK(table->source(1).line == 11);
    CHECK(table->source(2).file == "a/2.prox");
    CHECK(table->source(2).line == 1);
}

TEST_CASE("the key of a route is that of its label, in any table", "[route_table]") {
    const auto one = table_of({"a.example", "b.example", "*.b.example b.other"});
    const auto two = table_of({"b.example"});
    CHECK(one->key(1) == two->key(0));
    CHECK(one->key(0) != one->key(1));
    CHECK(one->key(1) != one->key(2));
}

TEST_CASE("settings are listed once for the whole table, and only those in use", "[route_table]") {
    RouteSettings different;
    different.attempts = 4;
    const auto shared = std::make_shared<const RouteSettings>();
    const auto other = std::make_shared<const RouteSettings>(different);
    const auto left_out = std::make_shared<const RouteSettings>();
    const auto table = RouteTable::build({file_of("1.prox", {"a", "b"}, shared), file_of("2.prox", {"c"}, other),
                                          file_of("3.prox", {"d"}, shared), file_of("4.prox", {"a"}, left_out)})
                           .table;
    REQUIRE(table->route_count() == 4);
    REQUIRE(table->settings_list().size() == 2);
    CHECK(table->settings_list()[table->settings_index(0)] == shared);
    CHECK(table->settings_index(3) == table->settings_index(1));
    CHECK(table->settings(2).attempts == 4);
}

TEST_CASE("a pattern that stands twice leaves out the later section whole", "[route_table]") {
    SECTION("in two files") {
        const auto built = RouteTable::build({file_of("1.prox", {"z", "a"}), file_of("2.prox", {"b a c", "d"})});
        CHECK(built.duplicates == std::vector<Duplicate>{{"2.prox", 1, "a", "1.prox", 11}});
        CHECK(built.table->route_count() == 3);
        CHECK(found(*built.table, "a") == "a");
        CHECK(found(*built.table, "b") == "(none)");
        CHECK(found(*built.table, "c") == "(none)");
        CHECK(found(*built.table, "d") == "d");
        CHECK(texts(built.table->entries()) == std::vector<std::string>{"a", "d", "z"});
    }
    SECTION("in one file, in another case") {
        const auto built = RouteTable::build({file_of("1.prox", {"*.X.org", "*.x.ORG"})});
        CHECK(built.duplicates == std::vector<Duplicate>{{"1.prox", 11, "*.x.org", "1.prox", 1}});
    }
    SECTION("in one section") {
        const auto built = RouteTable::build({file_of("1.prox", {"a b a"})});
        CHECK(built.duplicates == std::vector<Duplicate>{{"1.prox", 1, "a", "1.prox", 1}});
        CHECK(built.table->route_count() == 0);
        CHECK(found(*built.table, "b") == "(none)");
    }
    SECTION("a leading dot stands for two patterns") {
        const auto built = RouteTable::build({file_of("1.prox", {".a", "*.a", "a", "b *.b", ".b"})});
        CHECK(built.duplicates == std::vector<Duplicate>{{"1.prox", 11, "*.a", "1.prox", 1},
                                                         {"1.prox", 21, "a", "1.prox", 1},
                                                         {"1.prox", 41, "b", "1.prox", 31}});
    }
    SECTION("the asterisk") {
        const auto built = RouteTable::build({file_of("1.prox", {"*", "x *"})});
        CHECK(built.duplicates == std::vector<Duplicate>{{"1.prox", 11, "*", "1.prox", 1}});
        CHECK(found(*built.table, "x") == "*");
    }
    SECTION("what is left out does not stand in the way of what follows") {
        const auto built = RouteTable::build({file_of("1.prox", {"a", "b a", "b"})});
        CHECK(built.duplicates.size() == 1);
        CHECK(found(*built.table, "b") == "b");
        CHECK(built.table->source(1).line == 21);
    }
}

TEST_CASE("explain: every pattern that matches, the winner first", "[route_table]") {
    const auto table = table_of({"*", "*.com", ".example.com", "www.example.com", "*.www.example.com", "example.org"});
    CHECK(texts(table->matches(name_of("WWW.example.com").wire())) ==
          std::vector<std::string>{"www.example.com", "*.example.com", "*.com", "*"});
    CHECK(texts(table->matches(name_of("example.com").wire())) ==
          std::vector<std::string>{"example.com", "*.com", "*"});
    CHECK(texts(table->matches(name_of(".").wire())) == std::vector<std::string>{"*"});
    CHECK(table->matches(name_of("www.example.com").wire()).at(1).route == 2);
}

TEST_CASE("routes: every pattern, most specific first", "[route_table]") {
    const auto table = table_of({"*", "*.b.com a.com", "*.com", ".c.com", "x.y.z", "com"});
    CHECK(texts(table->entries()) ==
          std::vector<std::string>{"x.y.z", "a.com", "c.com", "com", "*.b.com", "*.c.com", "*.com", "*"});
}

TEST_CASE("a section of one pattern takes at most 90 bytes in a large table", "[route_table]") {
    constexpr std::size_t count = 200'000;
    const auto settings = std::make_shared<const RouteSettings>();
    RouteFileBuilder builder("large.prox");
    for (std::size_t i = 0; i < count / 2; ++i) {
        std::string name = std::to_string(1'000'000 + i) + ".lab";
        name[0] = 'z';
        builder.begin_section(1, name, settings);
        add_pattern(builder, name);
        builder.begin_section(1, "*." + name, settings);
        add_pattern(builder, "*." + name);
    }
    const auto file = builder.finish();
    const auto table = RouteTable::build({file}).table;
    REQUIRE(table->route_count() == count);
    CHECK(file->memory_bytes() + table->memory_bytes() <= 90 * count);
}

}  // namespace dproxy::routing
