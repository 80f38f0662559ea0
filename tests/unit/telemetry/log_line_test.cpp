// SPDX-License-Identifier: MIT
#include "telemetry/log_line.hpp"

#include <limits>
#include <string>

#include "catch.hpp"
#include "telemetry/printable.hpp"

using namespace dproxy::telemetry;

namespace {

std::string text(std::string_view message, Log::Fields fields, std::size_t max_length = 1000) {
    return text_line(message, {fields.begin(), fields.size()}, max_length);
}
std::string json(std::string_view message, Log::Fields fields, std::size_t max_length = 1000) {
    return json_members(message, {fields.begin(), fields.size()}, max_length);
}

}  // namespace

TEST_CASE("fields of every kind, as text and as JSON", "[log_line]") {
    const std::string held = "held";
    const auto write = [&](auto format) {
        return format("m", {{"s", "a b"}, {"h", held}, {"i", -3}, {"u", ~0ULL}, {"d", 0.5}, {"b", true}}, 1000U);
    };
    CHECK(write(text) == R"(m s="a b" h=held i=-3 u=18446744073709551615 d=0.5 b=true)");
    CHECK(write(json) == R"("message":"m","s":"a b","h":"held","i":-3,"u":18446744073709551615,"d":0.5,"b":true)");
}

TEST_CASE("what a hostile peer sends stays on its line, and is no terminal escape", "[log_line]") {
    using namespace std::string_view_literals;
    CHECK(text("m", {{"v", "a\nb\r\t\x1b[31m\0\x7f"sv}}) == R"(m v="a\nb\r\t\x1b[31m\x00\x7f")");
    CHECK(json("m", {{"v", "a\nb\r\t\x1b[31m\0\x7f"sv}}) ==
          R"("message":"m","v":"a\u000ab\u000d\u0009\u001b[31m\u0000\u007f")");
    CHECK(text("m", {{"v", R"(a"b\c)"}}) == R"(m v="a\"b\\c")");
    CHECK(json("m", {{"v", R"(a"b\c)"}}) == R"("message":"m","v":"a\"b\\c")");
    CHECK(text("m\nx=1", {}) == R"(m\nx=1)");
    CHECK(text("m", {{"v", ""}, {"w", "a=b"}}) == R"(m v="" w="a=b")");
    CHECK(text("m", {{"v", "\xc2\x9b"
                           "31m \xe2\x80\xae \xff\xc3"}}) == R"(m v="\xc2\x9b31m \xe2\x80\xae \xff\xc3")");
    CHECK(json("m", {{"v", "\xc2\x9b\xe2\x80\xae\xff"}}) == R"("message":"m","v":"\u009b\u202e\ufffd")");
    CHECK(json("m", {{"v", "\xf4\x8f\xbf\xbf"}}) == R"("message":"m","v":"\udbff\udfff")");
    CHECK(text("m", {{"v", "gr\xc3\xbc\xc3\x9f"}}) == "m v=gr\xc3\xbc\xc3\x9f");
    CHECK(json("m", {{"v", std::numeric_limits<double>::infinity()}}) == R"("message":"m","v":null)");
}

TEST_CASE("a long line is cut within a value, never within the syntax", "[log_line]") {
    const std::string longer(500, '\n');
    const std::string line = text("m", {{"v", longer}, {"n", 1}}, 40);
    CHECK(line.size() <= 40);
    CHECK(line.ends_with(R"(\n...")"));
    const std::string members = json("m", {{"v", longer}, {"n", 1}}, 40);
    CHECK(members.size() <= 40);
    CHECK(members.ends_with("...\""));
    CHECK(json(longer, {}, 30).size() <= 30);
    CHECK(text("m", {{"v", "abc"}}, 7) == "m v=abc");
    CHECK(text("m", {{"v", "abcd"}}, 7) == "m v=...");
}

TEST_CASE("at every length a line is whole, in its syntax and in its characters", "[log_line]") {
    const Log::Fields fields{{"v", "gr\xc3\xbc\xc3\x9f \"quoted\"\n\xff"}, {"n", 123456}, {"w", "\xf0\x9f\x98\x80"}};
    const std::string whole_text = text("m\xc3\xbc", fields), whole_members = json("m\xc3\xbc", fields);
    for (std::size_t length = 0; length <= whole_text.size(); ++length) {
        const std::string line = text("m\xc3\xbc", fields, length);
        INFO(line);
        CHECK(line.size() <= length);
        CHECK(printable(line) == line);
        const auto quotes = [&](std::size_t at) { return line[at] == '"' && (at == 0 || line[at - 1] != '\\'); };
        std::size_t count = 0;
        for (std::size_t at = 0; at < line.size(); ++at) count += quotes(at);
        CHECK(count % 2 == 0);
    }
    CHECK(text("m\xc3\xbc", fields, whole_text.size()) == whole_text);
    CHECK(json("m\xc3\xbc", fields, whole_members.size()) == whole_members);
    for (std::size_t length = 12; length <= whole_members.size(); ++length) {
        const std::string members = json("m\xc3\xbc", fields, length);
        INFO(members);
        CHECK(members.size() <= length);
        CHECK(printable(members) == members);
        CHECK((members.back() == '"' || members.back() == '6'));
    }
}

TEST_CASE("a number is whole or not there", "[log_line]") {
    CHECK(text("m", {{"n", 123}}, 7) == "m n=123");
    CHECK(text("m", {{"n", 123}}, 6) == "m");
    CHECK(json("m", {{"n", 123}}, 19) == R"("message":"m")");
    CHECK(json("m", {{"n", 123}}, 21) == R"("message":"m","n":123)");
}

TEST_CASE("numbers at the ends of their ranges", "[log_line]") {
    CHECK(text("m", {{"n", std::numeric_limits<std::int64_t>::min()}}) == "m n=-9223372036854775808");
    CHECK(text("m", {{"n", std::numeric_limits<double>::infinity()}}) == "m n=inf");
    CHECK(json("m", {{"n", std::numeric_limits<double>::quiet_NaN()}}) == R"("message":"m","n":null)");
    CHECK(json("m", {{"n", 1e300}}) == R"("message":"m","n":1e+300)");
}

TEST_CASE("a whole line has its time and level in front, and its end", "[log_line]") {
    using namespace std::chrono_literals;
    const LogField field{"n", 1};
    const LineHead head{std::chrono::system_clock::time_point(1'000'000'000s + 7ms), LogLevel::warning};
    const std::string in_text = "2001-09-09T01:46:40.007Z warning m n=1\n";
    const std::string in_json = R"({"time":"2001-09-09T01:46:40.007Z","level":"warning","message":"m","n":1})" "\n";
    CHECK(whole_line(LogFormat::text, head, "m", {&field, 1}, 1000) == in_text);
    CHECK(whole_line(LogFormat::json, head, "m", {&field, 1}, 1000) == in_json);
    CHECK(whole_line(LogFormat::text, head, "m", {&field, 1}, in_text.size()) == in_text);
    CHECK(whole_line(LogFormat::json, head, "m", {&field, 1}, in_json.size()) == in_json);
    CHECK(whole_line(LogFormat::text, head, "m", {&field, 1}, in_text.size() - 1).size() < in_text.size() - 1);
    CHECK(whole_line(LogFormat::json, head, "m", {&field, 1}, in_json.size() - 1).ends_with("\"m\"}\n"));
}
