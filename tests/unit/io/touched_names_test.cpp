// SPDX-License-Identifier: MIT
#include "io/touched_names.hpp"

#include "catch.hpp"

using dproxy::io::max_touched_names;
using dproxy::io::TouchedNames;
using Happened = TouchedNames::Happened;
using Names = std::vector<std::string>;

namespace {

bool never(const std::string&) {
    return false;
}

}  // namespace

TEST_CASE("names are kept once, in order, until they are taken") {
    TouchedNames names;
    names.note("b", Happened::other);
    names.note("a", Happened::settled);
    names.note("b", Happened::settled);
    CHECK_FALSE(names.everything());
    CHECK(names.take() == Names{"a", "b"});
    CHECK(names.take().empty());
}

TEST_CASE("a file is open from its first write until it is closed, across reports") {
    TouchedNames names;
    names.note("a", Happened::modified);
    CHECK(names.open(never) == Names{"a"});
    names.take();
    names.note("a", Happened::other);
    names.note("a", Happened::created);
    CHECK(names.open(never) == Names{"a"});
    names.note("a", Happened::settled);
    CHECK(names.open(never).empty());
}

TEST_CASE("of a file that was only created, somebody else knows whether it is finished") {
    TouchedNames names;
    names.note("link", Happened::created);
    names.note("empty", Happened::created);
    const auto unfinished = [](const std::string& name) { return name == "empty"; };
    CHECK(names.open(unfinished) == Names{"empty"});
    CHECK(names.open(unfinished) == Names{"empty"});
    CHECK(names.open(never).empty());
    CHECK(names.open(unfinished).empty());  // not asked again
}

TEST_CASE("more names than the limit are everything, until they are taken") {
    TouchedNames names;
    for (std::size_t number = 0; number < max_touched_names; ++number) {
        names.note(std::to_string(number), Happened::modified);
    }
    CHECK_FALSE(names.everything());
    for (std::size_t number = 0; number < 3 * max_touched_names; ++number) {
        names.note(std::to_string(number), Happened::modified);
    }
    CHECK(names.everything());
    CHECK(names.open(never).size() == max_touched_names);
    CHECK(names.take().empty());
    CHECK_FALSE(names.everything());
    names.note("a", Happened::other);
    CHECK(names.take() == Names{"a"});
    names.forget_open();
    CHECK(names.open(never).empty());
}
