// SPDX-License-Identifier: MIT
#include "trace/step.hpp"

#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "trace/limits.hpp"

using namespace dproxy;
using trace::Step;

namespace {

std::vector<std::uint8_t> written(const Step& step) {
    std::vector<std::uint8_t> bytes(trace::bytes_of(step), 0xee);
    trace::write(step, bytes);
    return bytes;
}

}  // namespace

TEST_CASE("a step is read as it was written", "[step]") {
    const auto bytes = written({7, 5, 3, 1000, trace::Kind::overdue, "192.0.2.1:53 has not replied"});
    const Step read = trace::read(bytes);
    CHECK(read.at_ns == 7);
    CHECK(read.asked_ns == 5);
    CHECK(read.trace == 3);
    CHECK(read.query == 1000);
    CHECK(read.kind == trace::Kind::overdue);
    CHECK(read.text == "192.0.2.1:53 has not replied");
    const auto empty = written({});
    CHECK(trace::read(empty).text.empty());
}

TEST_CASE("a long text is cut, and says so", "[step]") {
    const std::string longest(trace::step_text_bytes, 'x');
    const auto whole = written({.text = longest});
    CHECK(trace::read(whole).text == longest);
    const std::string longer = longest + "y";
    const auto bytes = written({.text = longer});
    CHECK(trace::read(bytes).text == longest.substr(3) + "...");
}

TEST_CASE("each kind of step has a word of its own", "[step]") {
    std::set<std::string_view> words;
    for (int kind = 0; kind <= static_cast<int>(trace::Kind::answered); ++kind) {
        const auto word = trace::name_of(static_cast<trace::Kind>(kind));
        CHECK(word.size() <= 8);
        CHECK(words.insert(word).second);
    }
}
