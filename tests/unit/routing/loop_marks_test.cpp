// SPDX-License-Identifier: MIT
#include "routing/loop_marks.hpp"

#include "catch.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {

TEST_CASE("a name is within a domain that is its end, label by label", "[loop_marks]") {
    const auto within = [](std::string_view name, std::string_view domain) {
        return is_within(name_of(name).wire(), name_of(domain).wire());
    };
    CHECK(within("corp.example", "corp.example"));
    CHECK(within("a.b.corp.example", "corp.example"));
    CHECK(within("A.CORP.example", "corp.EXAMPLE"));
    CHECK(within("corp.example", "."));
    CHECK(within(".", "."));
    CHECK_FALSE(within("example", "corp.example"));
    CHECK_FALSE(within("xcorp.example", "corp.example"));
    CHECK_FALSE(within("corp.example.net", "corp.example"));
    CHECK_FALSE(within(".", "example"));
}

TEST_CASE("a mark covers its route's names in its domain, or all of them", "[loop_marks]") {
    const auto settings = std::make_shared<const RouteSettings>();
    const RouteSettings others;
    LoopMark mark;
    mark.place.settings = settings;
    mark.place.route_key = 5;
    mark.place.domain = name_of("corp.example");
    const auto covers = [&](const RouteSettings& of, std::uint64_t key, std::string_view name) {
        return LoopMarks({mark}).cover(of, key, name_of(name).wire());
    };
    CHECK(covers(*settings, 5, "b.corp.example"));
    CHECK_FALSE(covers(*settings, 5, "b.example"));
    CHECK_FALSE(covers(*settings, 6, "b.corp.example"));
    CHECK_FALSE(covers(others, 5, "b.corp.example"));
    mark.place.whole_route = true;
    CHECK(covers(*settings, 5, "b.example"));
    CHECK_FALSE(covers(*settings, 6, "b.example"));
    CHECK_FALSE(LoopMarks().cover(*settings, 5, name_of("b.corp.example").wire()));
    CHECK(LoopMarks().empty());
}

}  // namespace dproxy::routing
