// SPDX-License-Identifier: MIT
#include "route_files/label_changes.hpp"

#include <algorithm>

#include "catch.hpp"
#include "config_directory.hpp"
#include "route_files/prox_file.hpp"

using namespace dproxy;
using namespace dproxy::config;
using test::route;

namespace {

using Names = std::vector<std::string>;
using File = std::shared_ptr<const routing::RouteFile>;

routing::SettingsPool pool;

File file(const std::string& name, const std::string& text) {
    auto parsed = parse_prox(text, name, {}, pool);
    REQUIRE(parsed.file);
    return parsed.file;
}

RoutesInForce in_force(std::vector<File> files) {
    auto left_out = routing::RouteTable::build(files).duplicates;
    std::sort(left_out.begin(), left_out.end());
    return {std::move(files), std::move(left_out)};
}

}  // namespace

TEST_CASE("labels that come, go and change are told apart") {
    const auto same = file("d/same.prox", route("same.test"));
    const auto before = in_force({file("d/a.prox", route("x.test") + route("y.test") + route("z.test")), same});
    const std::string later = "\n\n" + route("x.test") + route("y.test", "127.0.0.2") + route("w.test *.w.test");
    const auto after = in_force({file("d/a.prox", later), same});
    const auto changes = changes_between(before, after);
    CHECK(changes.added.named == Names{"w.test *.w.test"});
    CHECK(changes.changed.named == Names{"y.test"});
    CHECK(changes.removed.named == Names{"z.test"});
    CHECK(changes_between(after, after).empty());
    CHECK_FALSE(changes.empty());
}

TEST_CASE("a route that moves to another file has changed") {
    const auto before = in_force({file("d/a.prox", route("x.test"))});
    const auto after = in_force({file("d/b.prox", route("x.test"))});
    const auto changes = changes_between(before, after);
    CHECK(changes.changed.named == Names{"x.test"});
    CHECK(changes.added.size() + changes.removed.size() == 0);
}

TEST_CASE("a section comes into force in a file that nobody touched, and leaves it again") {
    const auto first = file("d/a.prox", route("x.test") + route("a.test"));
    const auto second = file("d/b.prox", route("x.test", "127.0.0.2") + route("b.test"));
    const auto both = in_force({first, second});
    REQUIRE(both.left_out.size() == 1);
    const auto without = in_force({file("d/a.prox", route("a.test")), second});
    SECTION("the same label goes on in another file") {
        CHECK(changes_between(both, without).changed.named == Names{"x.test"});
        CHECK(changes_between(without, both).changed.named == Names{"x.test"});
        CHECK(changes_between(both, without).removed.size() == 0);
    }
    SECTION("another label takes the pattern over") {
        const auto wider = file("d/b.prox", route("x.test y.test", "127.0.0.2"));
        const auto blocked = in_force({first, wider});
        const auto freed = in_force({file("d/a.prox", route("a.test")), wider});
        const auto changes = changes_between(blocked, freed);
        CHECK(changes.added.named == Names{"x.test y.test"});
        CHECK(changes.removed.named == Names{"x.test"});
    }
}

TEST_CASE("the first labels are named, the others counted") {
    std::string text;
    for (int number = 100; number < 100 + 25; ++number) text += route("r" + std::to_string(number) + ".test");
    const auto changes = changes_between({}, in_force({file("d/a.prox", text)}));
    REQUIRE(changes.added.named.size() == max_named_labels);
    CHECK(changes.added.named.front() == "r100.test");
    CHECK(changes.added.named.back() == "r119.test");
    CHECK(changes.added.more == 5);
    CHECK(changes.added.size() == 25);
}
