// SPDX-License-Identifier: MIT
#include "routing/owners.hpp"

#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

struct Split {
    PatternKind kind;
    dns::Name name;
};

Split split(std::string_view text) {
    if (text == "*") return {PatternKind::below, {}};
    if (text.starts_with("*.")) return {PatternKind::below, name_of(text.substr(2), true)};
    if (text.starts_with('.')) return {PatternKind::both, name_of(text.substr(1), true)};
    return {PatternKind::exact, name_of(text, true)};
}

/// Pairs of directory and pattern.
Owners owners_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
    Owners owners;
    for (const auto& [directory, pattern] : pairs) owners.add(directory, split(pattern).kind, split(pattern).name);
    return owners;
}

std::string refusal(const Owners& owners, std::string_view directory, std::string_view pattern) {
    const Split parts = split(pattern);
    return owners.refusal(directory, parts.kind, parts.name.wire());
}

bool may(const Owners& owners, std::string_view directory, std::string_view pattern) {
    return refusal(owners, directory, pattern).empty();
}

}  // namespace

TEST_CASE("without a pair all may name all", "[owners]") {
    const Owners nobody;
    CHECK(nobody.empty());
    CHECK(may(nobody, "team-a", "*"));
}

TEST_CASE("a directory with pairs may have patterns at or below these names only", "[owners]") {
    const Owners owners = owners_of({{"a", ".a.test"}, {"a", "corp.test"}, {"b", "*.b.test"}});
    CHECK_FALSE(owners.empty());
    CHECK(owners.size() == 3);
    for (const auto* pattern : {"a.test", "*.a.test", ".a.test", "x.y.a.test", "*.x.a.test", "corp.test",
                                "www.corp.test", "*.corp.test"}) {
        INFO(pattern);
        CHECK(may(owners, "a", pattern));
    }
    for (const auto* pattern : {"test", "*.test", "*", "b.test", "xa.test", "a.test.x", "x.b.test"}) {
        INFO(pattern);
        CHECK_FALSE(may(owners, "a", pattern));
    }
    CHECK(may(owners, "b", "*.b.test"));
    CHECK(may(owners, "b", "x.b.test"));
    CHECK_FALSE(may(owners, "b", "b.test"));
    CHECK_FALSE(may(owners, "b", ".b.test"));
}

TEST_CASE("a directory without a pair may name what nobody owns", "[owners]") {
    const Owners owners = owners_of({{"a", ".a.test"}, {"b", "*.b.test"}});
    for (const auto* directory : {"c", "."}) {
        for (const auto* pattern : {"*", "test", "*.test", "c.test", "b.test"}) CHECK(may(owners, directory, pattern));
        for (const auto* pattern : {"a.test", "x.a.test", "*.a.test", "*.b.test", ".b.test", "x.b.test"}) {
            CHECK_FALSE(may(owners, directory, pattern));
        }
    }
}

TEST_CASE("what every directory may name nobody owns alone", "[owners]") {
    const Owners owners = owners_of({{"*", ".shared.test"}, {"a", ".a.test"}, {"a", ".own.shared.test"}});
    for (const auto* directory : {"a", "b", "."}) {
        CHECK(may(owners, directory, "x.shared.test"));
        CHECK(may(owners, directory, "own.shared.test"));  // all may, whatever else is said
    }
    CHECK_FALSE(may(owners, "a", "x.test"));
    CHECK(may(owners, "b", "x.test"));
}

TEST_CASE("several may own the same name, and the root is all names", "[owners]") {
    const Owners owners = owners_of({{"a", ".test"}, {"b", ".b.test"}, {"root", "*"}});
    CHECK(may(owners, "a", "x.b.test"));
    CHECK(may(owners, "b", "x.b.test"));
    CHECK(may(owners, "root", "*"));
    CHECK(may(owners, "root", ".b.test"));
    CHECK_FALSE(may(owners, "c", "anything.example"));
    CHECK_FALSE(may(owners, "c", "*"));
}

TEST_CASE("a refusal says who owns the name, or what the directory may name", "[owners]") {
    const Owners owners = owners_of({{"a", ".a.test"}, {"b", "b.test"}, {"b", "*.c.test"}, {"b", "d.test"},
                                     {"b", "e.test"}});
    CHECK(refusal(owners, "b", "x.a.test") == "is owned by `a`, as `.a.test`");
    CHECK(refusal(owners, "c", ".c.test") == "is owned by `b`, as `*.c.test`");
    CHECK(refusal(owners, "a", "other.test") == "is none of `a`, which owns `.a.test`");
    CHECK(refusal(owners, "b", "*") == "is none of `b`, which owns `b.test`, `*.c.test`, `d.test` and 1 more");
}

}  // namespace dproxy::routing
