// SPDX-License-Identifier: MIT
#include "import/caching.hpp"

#include "catch.hpp"
#include "drafted.hpp"

using namespace dproxy;
using foreign::Caching;

TEST_CASE("caching: keys of sections that forward", "[import]") {
    foreign::Draft draft("f");
    Caching caching;
    const auto written = [&](const char* key) {
        foreign::Section section{1, {"a"}, {{key, "x"}}};
        caching.write(section);
        draft.add(std::move(section));
        auto text = test::sections_of(draft);
        draft.sections().clear();
        return text;
    };
    CHECK(written("address") == "1 a: address=x\n");
    caching.on = true;
    CHECK(written("answer") == "1 a: answer=x\n");
    CHECK(written("address") == "1 a: address=x cache=on\n");
    caching.least = 90'000;
    CHECK(written("address") == "1 a: address=x cache=on cache_ttl=90000s-90000s\n");
    caching.stale = 0;
    caching.stale_at_once = true;
    CHECK(written("address").find("stale") == std::string::npos);
}

TEST_CASE("caching: seconds", "[import]") {
    foreign::Draft draft("f");
    CHECK(foreign::cache_seconds("30", 1, draft) == 30u);
    CHECK(foreign::cache_seconds("604800", 1, draft) == foreign::seven_days);
    CHECK(test::told_of(draft).empty());
    CHECK(foreign::cache_seconds("604801", 2, draft) == foreign::seven_days);
    CHECK_FALSE(foreign::cache_seconds("1h", 3, draft));
    CHECK_FALSE(foreign::cache_seconds("", 4, draft));
    CHECK(test::lines_of(test::told_of(draft)) == "2 3 4");
}
