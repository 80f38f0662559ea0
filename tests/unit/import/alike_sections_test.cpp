// SPDX-License-Identifier: MIT
#include "import/alike_sections.hpp"

#include <algorithm>

#include "catch.hpp"
#include "route_files/list_file.hpp"

namespace {

using namespace dproxy::foreign;

void add(std::vector<Section>& sections, std::string pattern, std::string answer) {
    Section made{static_cast<std::uint32_t>(sections.size() + 1), {std::move(pattern)}, {}};
    made.set("answer", std::move(answer));
    sections.push_back(std::move(made));
}

}  // namespace

TEST_CASE("sections that say the same of many names become one with a list", "[import]") {
    std::vector<Section> sections;
    add(sections, ".first.test", "refused");
    for (std::size_t i = 0; i < patterns_worth_a_list; ++i) {
        add(sections, ".n" + std::to_string(i) + ".test", "nxdomain");
        if (i < patterns_worth_a_list - 2) add(sections, ".r" + std::to_string(i) + ".test", "refused");
    }
    const auto lists = take_lists(sections, "block");
    REQUIRE(lists.size() == 1);
    CHECK(lists[0].name == "block-1.txt");
    CHECK(lists[0].text.starts_with(".n1.test\n.n2.test\n"));
    CHECK(std::count(lists[0].text.begin(), lists[0].text.end(), '\n') == patterns_worth_a_list - 1);
    const auto parsed = dproxy::config::parse_list(lists[0].text, lists[0].name);
    CHECK(parsed.diagnostics.empty());
    REQUIRE(parsed.list);
    CHECK(parsed.list->size() == patterns_worth_a_list - 1);

    REQUIRE(sections.size() == patterns_worth_a_list);  // those that are refused, and the one with the list
    CHECK(sections[0].patterns == std::vector<std::string>{".first.test"});
    CHECK(sections[1].line == 2);
    CHECK(sections[1].patterns == std::vector<std::string>{".n0.test"});
    CHECK(sections[1].get("answer") == "nxdomain");
    CHECK(sections[1].get("patterns") == "block-1.txt");
    CHECK(sections[2].patterns == std::vector<std::string>{".r0.test"});
    CHECK(sections[2].get("patterns") == "");
}

TEST_CASE("more than a list holds becomes several sections", "[import]") {
    std::vector<Section> sections;
    const std::string label(63, 'x');
    const std::string zone = "." + label + "." + label + "." + label + ".test";
    constexpr std::size_t count = 360'000;
    for (std::size_t i = 0; i < count; ++i) add(sections, "n" + std::to_string(i) + zone, "nxdomain");
    const auto lists = take_lists(sections, "block");
    REQUIRE(lists.size() == 2);
    REQUIRE(sections.size() == 2);
    std::size_t lines = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(lists[i].text.size() <= dproxy::config::max_list_file_size);
        CHECK(sections[i].get("patterns") == lists[i].name);
        lines += static_cast<std::size_t>(std::count(lists[i].text.begin(), lists[i].text.end(), '\n'));
    }
    CHECK(lines + 2 == count);
}
