// SPDX-License-Identifier: MIT
#include "routing/pattern_list.hpp"

#include <random>

#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

struct Line {
    std::uint32_t number;
    std::string pattern;
};

std::shared_ptr<const PatternList> list_of(const std::vector<Line>& lines, std::string name = "r/block.txt") {
    PatternListBuilder builder(std::move(name), 0);
    for (const auto& [number, text] : lines) {
        if (text == "*") {
            builder.add(number, PatternKind::below, {});
        } else if (text.starts_with("*.")) {
            builder.add(number, PatternKind::below, name_of(text.substr(2), true));
        } else if (text.starts_with('.')) {
            builder.add(number, PatternKind::both, name_of(text.substr(1), true));
        } else {
            builder.add(number, PatternKind::exact, name_of(text, true));
        }
    }
    return builder.finish();
}

std::vector<Line> numbered(std::size_t count, std::uint32_t first_line = 1) {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < count; ++i) {
        lines.push_back({first_line + static_cast<std::uint32_t>(i), "n" + std::to_string(i) + ".test"});
    }
    return lines;
}

/// Sections of one file, each `header` with a list or without; in lines 1, 11, 21, ...
struct Section {
    std::string header;
    std::shared_ptr<const PatternList> list{};
    std::string clients{};  ///< a network; empty: all
};

std::shared_ptr<const RouteFile> file_with(std::string name, const std::vector<Section>& sections) {
    const auto for_all = std::make_shared<const RouteSettings>();
    RouteFileBuilder builder(std::move(name));
    std::uint32_t line = 1;
    for (const Section& section : sections) {
        auto settings = for_all;
        if (!section.clients.empty()) {
            auto some = std::make_shared<RouteSettings>();
            some->audience.clients = {*net::Network::parse(section.clients)};
            settings = some;
        }
        builder.begin_section(line, section.header, settings);
        add_pattern(builder, section.header);
        if (section.list) builder.set_list(section.list);
        line += 10;
    }
    return builder.finish();
}

std::vector<std::string> listed(const RouteTable& table) {
    std::vector<std::string> all;
    for (const auto& entry : table.entries()) all.push_back(entry.pattern + " " + std::to_string(entry.route));
    return all;
}

}  // namespace

TEST_CASE("a list finds the line of each of its patterns", "[pattern_list]") {
    std::mt19937 random(7);
    std::vector<Line> lines;
    std::uint32_t line = 0;
    for (int i = 0; i < 1000; ++i) {
        const bool has_gap = i >= 300 && random() % 4 == 0;  // long runs, then many gaps
        line += has_gap ? static_cast<std::uint32_t>(1 + random() % 50) : 1;
        lines.push_back({line, (i % 3 == 0 ? "*.n" : "n") + std::to_string(i) + ".test"});
    }
    const auto list = list_of(lines);
    REQUIRE(list->size() == lines.size());
    CHECK(list->name() == "r/block.txt");
    std::size_t at = 0;
    for (const Pattern pattern : RouteFile::Patterns(list->data(), list->size(), nullptr)) {
        REQUIRE(list->holds(pattern.name.data()));
        CHECK(list->line(pattern.name.data()) == lines[at++].number);
    }
    const std::uint8_t elsewhere = 0;
    CHECK_FALSE(list->holds(&elsewhere));
    CHECK_FALSE(list->holds(list->data() + list->memory_bytes()));
    CHECK(list->memory_bytes() < 1000 * 30);
    CHECK(list_of({})->size() == 0);
}

TEST_CASE("a section has the patterns of its header and then those of its list", "[pattern_list]") {
    const auto list = list_of(numbered(3));
    const auto file = file_with("r/a.prox", {{"plain.test"}, {"block.test", list}, {"*"}});
    std::vector<std::string> all;
    for (std::uint32_t section = 0; section < 3; ++section) {
        for (const Pattern pattern : file->patterns(section)) all.push_back(dns::name_to_text(pattern.name));
    }
    CHECK(all == std::vector<std::string>{"plain.test", "block.test", "n0.test", "n1.test", "n2.test", "."});
    CHECK(file->patterns(1).size() == 4);
    CHECK(file->own_patterns(1).size() == 1);
    CHECK(file->list(0) == nullptr);
    CHECK(file->list(1) == list.get());
    CHECK(file->list(2) == nullptr);
    CHECK(file->pattern_count() == 3);
    CHECK(file->label(1) == "block.test");
    const auto same = file_with("s/b.prox", {{"block.test"}});
    CHECK(file->label_identity(1) == same->label_identity(0));
}

TEST_CASE("names of a list lead to their section, and know their place", "[pattern_list]") {
    const auto list = list_of({{3, "a.test"}, {5, "*.b.test"}, {9, ".c.test"}, {11, "*"}});
    const auto built = RouteTable::build({file_with("r/a.prox", {{"x.test"}, {"block.test", list}})});
    CHECK(built.duplicates.empty());
    const RouteTable& table = *built.table;
    for (const auto* name : {"block.test", "a.test", "x.b.test", "c.test", "x.c.test", "b.test"}) {
        CHECK(found(table, name) == "block.test");
    }
    CHECK(found(table, "x.test") == "x.test");
    CHECK(table.find_label("block.test") == 1);
    const auto place = [&](const char* domain) {
        const auto source = table.source_in_list(1, name_of(domain).wire());
        return source ? std::string(source->file) + ":" + std::to_string(source->line) : "none";
    };
    CHECK(place("a.test") == "r/block.txt:3");
    CHECK(place("c.test") == "r/block.txt:9");
    CHECK(place(".") == "r/block.txt:11");
    CHECK(place("block.test") == "none");
    CHECK_FALSE(table.source_in_list(0, name_of("x.test").wire()));
    for (const auto& line : table.listed()) {
        CHECK(table.source_in_list(line.route, line.name).has_value() ==
              (line.route == 1 && RouteTable::entry_of(line).pattern != "block.test"));
    }
}

TEST_CASE("a name twice in a list, or in the header as well, counts once", "[pattern_list]") {
    const auto list = list_of({{1, "a.test"}, {2, "block.test"}, {3, ".a.test"}, {4, "*.a.test"}, {5, "a.test"}});
    const auto built = RouteTable::build({file_with("r/a.prox", {{"block.test", list}})});
    CHECK(built.duplicates.empty());
    CHECK(listed(*built.table) == std::vector<std::string>{"a.test 0", "block.test 0", "*.a.test 0"});
}

TEST_CASE("a section is left out for a name of its list that stands elsewhere, with both places", "[pattern_list]") {
    const auto first = list_of(numbered(100), "r/first.txt");
    const auto second = list_of({{7, "other.test"}, {8, "n42.test"}, {9, "third.test"}}, "r/second.txt");
    const auto built = RouteTable::build(
        {file_with("r/a.prox", {{"a.test", first}, {"b.test", second}, {"n7.test"}, {"other.test"}})});
    REQUIRE(built.duplicates.size() == 2);
    const Duplicate& listed_there = built.duplicates[0];
    CHECK(listed_there.file == "r/a.prox");
    CHECK(listed_there.line == 11);
    CHECK(listed_there.pattern == "n42.test");
    CHECK(listed_there.in_list.file == "r/second.txt");
    CHECK(listed_there.in_list.line == 8);
    CHECK(listed_there.first_line == 1);
    CHECK(listed_there.first_in_list.file == "r/first.txt");
    CHECK(listed_there.first_in_list.line == 43);
    const Duplicate& own = built.duplicates[1];
    CHECK(own.line == 21);
    CHECK(own.in_list.file.empty());
    CHECK(own.first_in_list.file == "r/first.txt");
    CHECK(own.first_in_list.line == 8);
    // What the section had taken is free again.
    CHECK(found(*built.table, "other.test") == "other.test");
    CHECK(found(*built.table, "b.test") == "(none)");
    CHECK(found(*built.table, "third.test") == "(none)");
}

TEST_CASE("a list that a thousand sections name is stored once and soon given up", "[pattern_list]") {
    std::vector<Line> lines = numbered(100'000);
    lines.push_back({200'000, "taken.test"});
    const auto list = list_of(lines);
    std::vector<Section> sections{{"taken.test"}};
    for (int i = 0; i < 1000; ++i) sections.push_back({"s" + std::to_string(i) + ".test", list});
    const auto file = file_with("r/a.prox", sections);
    CHECK(file->memory_bytes() < 100'000);
    const auto built = RouteTable::build({file});
    CHECK(built.table->route_count() == 1);
    REQUIRE(built.duplicates.size() == 1000);
    for (const Duplicate& duplicate : built.duplicates) {
        CHECK(duplicate.pattern == "taken.test");
        CHECK(duplicate.first_line == 1);
        CHECK(duplicate.in_list.line == 200'000);
    }
}

TEST_CASE("sections for several clients may name one list", "[pattern_list]") {
    const auto list = list_of({{1, "a.test"}, {2, "*.b.test"}, {3, "a.test"}, {4, "*.b.test"}});
    const auto built = RouteTable::build({file_with(
        "r/a.prox", {{"s.test", list, "10.0.0.0/8"}, {"s.test", list}, {"t.test", list, "10.0.0.0/8"}})});
    REQUIRE(built.duplicates.size() == 1);
    CHECK(built.duplicates[0].line == 21);
    CHECK(built.duplicates[0].in_list.line == 1);
    CHECK(built.table->route_count() == 2);
    const auto office = *net::Address::parse("10.1.2.3"), home = *net::Address::parse("192.0.2.1");
    for (const auto* name : {"a.test", "x.b.test", "s.test"}) {
        CHECK(built.table->find(name_of(name).wire(), {&office, 1}) == 0);
        CHECK(built.table->find(name_of(name).wire(), {&home, 1}) == 1);
    }
    CHECK(listed(*built.table) == std::vector<std::string>{"a.test 0", "a.test 1", "s.test 0", "s.test 1",
                                                           "*.b.test 0", "*.b.test 1"});
}

TEST_CASE("a list in force is nobody else's", "[pattern_list]") {
    const auto list = list_of(numbered(1000));
    const auto built = RouteTable::build({file_with("r/a.prox", {{"a.test", list}, {"b.test", list}})});
    CHECK(built.table->route_count() == 1);
    REQUIRE(built.duplicates.size() == 1);
    CHECK(built.duplicates[0].pattern == "n0.test");
    CHECK(listed(*built.table).size() == 1001);
}

}  // namespace dproxy::routing
