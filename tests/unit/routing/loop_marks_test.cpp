// SPDX-License-Identifier: MIT
#include "routing/loop_marks.hpp"

#include "catch.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {

TEST_CASE("a mark covers the names in its domain, of its route and pattern", "[loop_marks]") {
    const auto settings = std::make_shared<const RouteSettings>();
    const RouteSettings others;
    LoopMark mark;
    mark.place.settings = settings;
    mark.place.route_key = 5;
    mark.place.domain = name_of("corp.example");
    const auto covers = [&](const RouteSettings& of, std::uint64_t key, std::string_view name,
                            std::string_view pattern) {
        return LoopMarks({mark}).cover(of, key, name_of(name).wire(), name_of(pattern).wire().size());
    };
    for (const char* pattern : {".", "example", "corp.example"}) {
        mark.place.pattern_length = name_of(pattern).wire().size();
        CHECK(covers(*settings, 5, "b.corp.example", pattern));
        CHECK(covers(*settings, 5, "x.B.Corp.example", pattern));
        CHECK(covers(*settings, 5, "corp.example", pattern));
        for (const char* other : {".", "example", "corp.example", "b.corp.example"}) {
            CHECK(covers(*settings, 5, "b.corp.example", other) == (std::string_view(other) == pattern));
        }
    }
    mark.place.pattern_length = 1;
    // The name goes by another pattern of the section.
    CHECK_FALSE(covers(*settings, 5, "b.corp.example", "b.corp.example"));
    CHECK_FALSE(covers(*settings, 5, "x.b.corp.example", "b.corp.example"));
    CHECK_FALSE(covers(*settings, 5, "b.example", "example"));
    CHECK_FALSE(covers(*settings, 5, "xcorp.example", "."));
    CHECK_FALSE(covers(*settings, 5, ".", "."));
    CHECK_FALSE(covers(*settings, 6, "b.corp.example", "."));
    CHECK_FALSE(covers(others, 5, "b.corp.example", "."));
    mark.place.domain = {};
    CHECK(covers(*settings, 5, "b.example", "."));
    CHECK(covers(*settings, 5, ".", "."));
    CHECK_FALSE(covers(*settings, 5, "b.example", "example"));
    CHECK_FALSE(LoopMarks().cover(*settings, 5, name_of("b.corp.example").wire(), 1));
    CHECK(LoopMarks().empty());
}

}  // namespace dproxy::routing
