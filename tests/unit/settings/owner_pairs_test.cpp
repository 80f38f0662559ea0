// SPDX-License-Identifier: MIT
#include "settings/owner_pairs.hpp"

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::config;

namespace {

std::string refusal(const routing::Owners& owners, std::string_view directory, std::string_view name) {
    return owners.refusal(directory, routing::PatternKind::exact, dns::Name::parse(name, true).name.wire());
}

}  // namespace

TEST_CASE("owners are pairs of directory and pattern", "[owner_pairs]") {
    const auto owners = parse_owners("team-a=.A.test, team-a=corp.test  b=*.b.test,*=.shared.test, .=.");
    REQUIRE(owners);
    CHECK(owners->size() == 5);
    CHECK(refusal(*owners, "team-a", "x.a.test").empty());
    CHECK(refusal(*owners, "team-a", "corp.test").empty());
    CHECK(refusal(*owners, "team-a", "x.shared.test").empty());
    CHECK(refusal(*owners, "team-a", "x.b.test") == "is owned by `b`, as `*.b.test`");
    CHECK(refusal(*owners, ".", "x.b.test").empty());
    REQUIRE(parse_owners(""));
    CHECK(parse_owners(" , ")->empty());
}

TEST_CASE("what is no pair is told", "[owner_pairs]") {
    const std::string expected =
        " was found; expected pairs of directory and pattern, such as `team-a=.team-a.example`";
    for (const std::string bad : {"team-a", "=a.test", "team-a=", "team-a=a..test", "team-a=*x.test", "team-a=a.*.test",
                                  "team-a=\xc3\xa4.test", "team-a=..", "a=x=y*"}) {
        INFO(bad);
        const auto parsed = parse_owners(bad);
        CHECK_FALSE(parsed);
        CHECK(parsed.fault.ends_with(expected));
    }
    CHECK(parse_owners("a/b=x.test").fault ==
          "`a/b` was found; expected the name of a subdirectory, without a path, `.` or `*`");
    CHECK_FALSE(parse_owners("..data=x.test"));
    CHECK_FALSE(parse_owners("a=x.test, b"));
}

TEST_CASE("pairs are bounded", "[owner_pairs]") {
    std::string text;
    for (std::size_t i = 0; i < max_owner_pairs; ++i) text += "t" + std::to_string(i) + "=x.test,";
    CHECK(parse_owners(text));
    CHECK(parse_owners(text + "more=x.test").fault == "more than 4096 pairs were found; expected at most so many");
}
