// SPDX-License-Identifier: MIT
#include "server/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <limits>

#include "catch.hpp"

using dproxy::server::json_text;
namespace json = boost::json;

TEST_CASE("fractions are written as people write them", "[json_text]") {
    struct Case {
        double number;
        const char* text;
    };
    for (const auto& [number, text] :
         {Case{0.431768, "0.431768"}, Case{0, "0"}, Case{-0.0, "0"}, Case{1, "1"}, Case{1234567.5, "1234567.5"},
          Case{0.1, "0.1"}, Case{1e-9, "0"}, Case{-1e-9, "0"}, Case{-2.25, "-2.25"},
          Case{1e21, "1000000000000000000000"}, Case{100, "100"}, Case{std::numeric_limits<double>::infinity(), "null"},
          Case{std::numeric_limits<double>::quiet_NaN(), "null"}}) {
        CHECK(json_text(number) == text);
    }
    CHECK(json_text(std::numeric_limits<double>::max()).size() == 309);
}

TEST_CASE("all else is what Boost writes", "[json_text]") {
    const auto value = json::parse(
        R"({"a":[1,-2,true,false,null,"x\"\\\u0001\u00e9"],"b\"":{},"c":[],"d":{"e":{"f":18446744073709551615}}})");
    CHECK(json::parse(json_text(value)) == value);
    CHECK(json_text(json::object{{"a", 1}, {"b", json::array{0.5, "x"}}}) == R"({"a":1,"b":[0.5,"x"]})");
}
