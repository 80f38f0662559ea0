// SPDX-License-Identifier: MIT
#include "ini/nearest_name.hpp"

#include <array>

#include "catch.hpp"
#include "ini/diagnostic.hpp"

namespace dproxy::config {
namespace {

constexpr std::array<std::string_view, 5> known{"address", "allow", "port", "policy", "max_inflight"};

}  // namespace

TEST_CASE("a misspelt name finds the one that was meant", "[nearest_name]") {
    CHECK(nearest_name("adress", known) == "address");
    CHECK(nearest_name("addresses", known) == "address");
    CHECK(nearest_name("ADRESS", known) == "address");
    CHECK(nearest_name("prot", known) == "port");
    CHECK(nearest_name("polcy", known) == "policy");
    CHECK(nearest_name("alow", known) == "allow");
    CHECK(nearest_name("max-inflight", known) == "max_inflight");
    CHECK(nearest_name("maxinflight", known) == "max_inflight");
}

TEST_CASE("a name that is like none finds none", "[nearest_name]") {
    CHECK(nearest_name("", known).empty());
    CHECK(nearest_name("zzzz", known).empty());
    CHECK(nearest_name("timeout", known).empty());
    CHECK(nearest_name(std::string(5000, 'a'), known).empty());
    CHECK(nearest_name("address", {}).empty());
}

TEST_CASE("an unknown key's message suggests, or lists", "[nearest_name]") {
    CHECK(unknown_key("adress", known) == "unknown key `adress`; did you mean `address`?");
    CHECK(unknown_key("zzzz", known) ==
          "unknown key `zzzz`; expected one of `address`, `allow`, `port`, `policy`, `max_inflight`");
}

TEST_CASE("a diagnostic names its file, and its line where it has one", "[diagnostic]") {
    CHECK(Diagnostic{Severity::error, "a/b.prox", 7, "wrong"}.to_string() == "a/b.prox:7: wrong");
    CHECK(Diagnostic{Severity::warning, "DPROXY_PORT", 0, "wrong"}.to_string() == "DPROXY_PORT: wrong");
}

}  // namespace dproxy::config
