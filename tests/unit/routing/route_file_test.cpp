// SPDX-License-Identifier: MIT
#include "routing/route_file.hpp"

#include "routing/pattern_text.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

std::vector<std::string> patterns_of(const RouteFile& file, std::uint32_t section) {
    std::vector<std::string> out;
    for (const Pattern pattern : file.patterns(section))
        out.push_back(std::to_string(static_cast<int>(pattern.kind)) + dns::name_to_text(pattern.name));
    return out;
}

}  // namespace

TEST_CASE("a route file gives back its sections", "[route_file]") {
    const auto file = file_of("team-a/web.prox", {"example.com *.example.com", ".org", "*"});
    CHECK(file->name() == "team-a/web.prox");
    REQUIRE(file->section_count() == 3);
    CHECK(file->pattern_count() == 4);
    CHECK(file->line(0) == 1);
    CHECK(file->line(2) == 21);
    CHECK(file->label(0) == "example.com *.example.com");
    CHECK(file->label(2) == "*");
    CHECK(file->patterns(0).size() == 2);
    CHECK(patterns_of(*file, 0) == std::vector<std::string>{"1example.com", "2example.com"});
    CHECK(patterns_of(*file, 1) == std::vector<std::string>{"3org"});
    CHECK(patterns_of(*file, 2) == std::vector<std::string>{"2."});
}

TEST_CASE("a route file holds settings once", "[route_file]") {
    const auto first = std::make_shared<const RouteSettings>();
    const auto second = std::make_shared<const RouteSettings>();
    RouteFileBuilder builder("a.prox");
    for (const auto& settings : {first, second, first}) {
        builder.begin_section(1, "x", settings);
        builder.add_pattern(PatternKind::exact, name_of("x"));
    }
    const auto file = builder.finish();
    CHECK(file->settings_list().size() == 2);
    CHECK(file->settings(0) == first);
    CHECK(file->settings(1) == second);
    CHECK(file->settings_index(2) == file->settings_index(0));
}

TEST_CASE("a route file may be empty", "[route_file]") {
    const auto file = RouteFileBuilder("empty.prox").finish();
    CHECK(file->section_count() == 0);
    CHECK(file->pattern_count() == 0);
    CHECK(file->settings_list().empty());
}

TEST_CASE("a name of 255 bytes and a long label fit a route file", "[route_file]") {
    const std::string label(63, 'a');
    const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
    REQUIRE(name_of(longest).wire().size() == dns::max_name_length);
    const auto file = file_of("long.prox", {longest + " *." + longest});
    CHECK(patterns_of(*file, 0) == std::vector<std::string>{"1" + longest, "2" + longest});
    CHECK(file->label(0).size() == 2 * longest.size() + 3);
}

TEST_CASE("a label is written as far as there is room, and no further", "[route_file]") {
    const std::string long_name(63, 'a');
    const auto file = file_of("a.prox", {"a.example " + long_name + ".example *.b.example"});
    const std::string whole = file->label(0);
    for (std::size_t most = 0; most <= whole.size() + 2; ++most) {
        std::string text = "x";
        text.reserve(1 + most + pattern_text_room);
        const auto* const room = text.data();
        file->append_label(text, 0, most);
        CHECK(text == "x" + whole.substr(0, most));
        CHECK(text.data() == room);
    }
}

TEST_CASE("the room for a pattern's text is enough for the longest", "[route_file]") {
    std::string escaped;
    for (int i = 0; i < 63; ++i) escaped += "\\007";
    const std::string name = escaped + '.' + escaped + '.' + escaped + '.' + escaped.substr(0, 4 * 61);
    REQUIRE(name_of(name).wire().size() == dns::max_name_length);
    CHECK(pattern_text(PatternKind::below, name_of(name).wire()).size() < pattern_text_room);
}

}  // namespace dproxy::routing
