// SPDX-License-Identifier: MIT
// The setting `owners`: what each directory may name, judged when files are read.
#include "catch.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;

namespace {

struct OwnersFixture : StoreFixture {
    OwnersFixture() {
        for (const auto* team : {"team-a", "team-b", "team-c"}) fs::create_directory(file(team));
    }
    RouteStore store_with_owners() {
        config::RouteStoreOptions options{{location}};
        options.limits.settled_after = std::chrono::nanoseconds(0);
        options.owners.add("team-a", routing::PatternKind::both, name("a.test"));
        options.owners.add("team-b", routing::PatternKind::both, name("b.test"));
        options.owners.add("*", routing::PatternKind::both, name("shared.test"));
        return RouteStore(std::move(options));
    }
    static dns::Name name(std::string_view text) { return dns::Name::parse(text, true).name; }
};

}  // namespace

TEST_CASE_METHOD(OwnersFixture, "a section outside of what its directory may name is left out and told") {
    write_file(file("team-a/x.prox"), route("www.a.test", "127.0.0.1") + route("www.b.test", "127.0.0.1") +
                                          route("x.shared.test", "127.0.0.1"));
    write_file(file("team-b/x.prox"), route("www.b.test", "127.0.0.2") + route(".c.test", "127.0.0.2"));
    write_file(file("team-c/x.prox"), route(".c.test", "127.0.0.3") + route("*.a.test", "127.0.0.3"));
    write_file(file("own.prox"), route("*", "127.0.0.4") + route("b.test", "127.0.0.4"));
    auto routes = store_with_owners();
    const auto loaded = reload(routes);
    CHECK(texts(loaded.state->faults) ==
          Strings{shown("own.prox") + ":3: the pattern `b.test` is owned by `team-b`, as `.b.test`; this section is "
                                      "left out",
                  shown("team-a/x.prox") + ":3: the pattern `www.b.test` is owned by `team-b`, as `.b.test`; this "
                                           "section is left out",
                  shown("team-b/x.prox") + ":3: the pattern `.c.test` is none of `team-b`, which owns `.b.test`; this "
                                           "section is left out",
                  shown("team-c/x.prox") + ":3: the pattern `*.a.test` is owned by `team-a`, as `.a.test`; this "
                                           "section is left out"});
    // What is left out stands in nobody's way.
    CHECK(answer(loaded, "www.b.test") == "127.0.0.2");
    CHECK(answer(loaded, "c.test") == "127.0.0.3");
    CHECK(answer(loaded, "www.a.test") == "127.0.0.1");
    CHECK(answer(loaded, "y.a.test") == "127.0.0.4");
    CHECK(answer(loaded, "x.shared.test") == "127.0.0.1");
    CHECK_FALSE(loaded.state->success);
    for (const auto& one : loaded.state->files) {
        CHECK_FALSE(one.valid);
        CHECK(one.in_force);
        CHECK(one.content == one.content_in_force);
    }
    write_file(file("team-b/x.prox"), route("www.b.test", "127.0.0.2"));
    CHECK(reload(routes).state->faults.size() == 3);
}

TEST_CASE_METHOD(OwnersFixture, "names of a list are judged as well, and told with their line") {
    write_file(file("team-a/x.prox"), "[a.test]\naddress = 127.0.0.1\npatterns = names.txt\n" + route("z.a.test"));
    write_file(file("team-a/names.txt"), "# ours\n.x.a.test\nstolen.b.test\n");
    auto routes = store_with_owners();
    const auto loaded = reload(routes);
    CHECK(texts(loaded.state->faults) ==
          Strings{shown("team-a/x.prox") + ":1: the pattern `stolen.b.test` (" + shown("team-a/names.txt") +
                  ":3) is owned by `team-b`, as `.b.test`; this section is left out"});
    CHECK(answer(loaded, "a.test") == "none");
    CHECK(answer(loaded, "z.a.test") == "127.0.0.1");
    write_file(file("team-a/names.txt"), ".x.a.test\n");
    CHECK(answer(reload(routes), "x.a.test") == "127.0.0.1");
}

TEST_CASE_METHOD(OwnersFixture, "many sections that are left out are counted") {
    std::string text;
    for (int i = 0; i < 150; ++i) text += route("n" + std::to_string(i) + ".b.test") + "\n";
    write_file(file("team-a/x.prox"), text);
    auto routes = store_with_owners();
    const auto loaded = reload(routes);
    CHECK(loaded.state->routes == 0);
    REQUIRE(loaded.state->faults.size() == config::max_faults_per_file + 1);
    CHECK(loaded.state->faults.back().message == "and 50 more sections left out, with names of other owners");
}

TEST_CASE_METHOD(OwnersFixture, "without pairs all may name all") {
    write_file(file("team-a/x.prox"), route("www.b.test"));
    auto routes = store();
    CHECK(reload(routes).state->success);
}
