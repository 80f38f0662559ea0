// SPDX-License-Identifier: MIT
#include "telemetry/http_rejections.hpp"

#include <algorithm>
#include <set>

#include "catch.hpp"

using namespace dproxy::telemetry;

TEST_CASE("each reason has a name of its own, fit for a label", "[http_rejections]") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < count_of<HttpRejection>; ++i) {
        const std::string_view name = name_of(static_cast<HttpRejection>(i));
        INFO(name);
        CHECK(std::all_of(name.begin(), name.end(),
                          [](char letter) { return (letter >= 'a' && letter <= 'z') || letter == '_'; }));
        names.insert(name);
    }
    CHECK(names.size() == count_of<HttpRejection>);
    CHECK_FALSE(names.contains("other"));
    CHECK_FALSE(names.contains(""));
    // One from each end, as a list in another order would be as long.
    CHECK(name_of(HttpRejection::connections) == "connections");
    CHECK(name_of(HttpRejection::failed) == "failed");
}

TEST_CASE("reasons are counted apart", "[http_rejections]") {
    HttpRejections rejections;
    rejections[HttpRejection::host].add(2);
    rejections[HttpRejection::failed].add();
    for (std::size_t i = 0; i < count_of<HttpRejection>; ++i) {
        const auto reason = static_cast<HttpRejection>(i);
        const std::uint64_t expected = reason == HttpRejection::host ? 2 : reason == HttpRejection::failed ? 1 : 0;
        CHECK(rejections[reason].value() == expected);
    }
}
