// SPDX-License-Identifier: MIT
#include "ini/typed_values.hpp"

#include "catch.hpp"
#include "mentions.hpp"

namespace dproxy::config {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds day{24 * 3600 * 1000};

milliseconds duration(std::string_view text) {
    const auto parsed = parse_duration(text, milliseconds{0}, day);
    INFO(parsed.fault);
    REQUIRE(parsed);
    return *parsed;
}

std::string target_text(std::string_view text) {
    const auto target = parse_target(text, 53);
    if (!target) return "!" + target.fault;
    return target->host.empty() ? target->endpoint.to_string()
                                : target->host + " " + std::to_string(target->endpoint.port);
}

}  // namespace

TEST_CASE("values: addresses to answer with", "[typed_values]") {
    CHECK(parse_answer_addresses("192.0.2.1 ::1, 192.0.2.1")->size() == 2);
    CHECK(mentions(parse_answer_addresses("192.0.2.1:53").fault, "is not an address"));
}

TEST_CASE("values: types", "[typed_values]") {
    CHECK(*parse_types("MX, a TYPE1").value == std::vector<std::uint16_t>{1, 15});
    CHECK(mentions(parse_types("A OPT").fault, "no type to ask for"));
    CHECK(mentions(parse_types("").fault, "nothing was found"));
}

TEST_CASE("values: durations", "[typed_values]") {
    CHECK(duration("250ms") == milliseconds{250});
    CHECK(duration("4s") == milliseconds{4000});
    CHECK(duration("1m") == milliseconds{60'000});
    CHECK(duration("2M") == milliseconds{120'000});
    CHECK(duration("0s") == milliseconds{0});
    CHECK(duration("1440m") == day);
    CHECK(duration("24h") == day);
    CHECK(duration("1d") == day);
    for (const char* wrong : {"", "4", "s", "4 s", "-4s", "+4s", "4.5s", "4w", "4ss", "0x4s", "4s "}) {
        INFO(wrong);
        CHECK(mentions(parse_duration(wrong, milliseconds{0}, day).fault, "is not a duration; expected"));
    }
    CHECK(parse_duration("", milliseconds{0}, day).fault.starts_with("nothing is not a duration"));
}

TEST_CASE("values: durations keep to their range", "[typed_values]") {
    CHECK(parse_duration("10ms", milliseconds{10}, milliseconds{1000}));
    CHECK(parse_duration("1s", milliseconds{10}, milliseconds{1000}));
    CHECK(parse_duration("9ms", milliseconds{10}, milliseconds{1500}).fault ==
          "`9ms` is out of range; expected 10ms to 1500ms");
    CHECK(parse_duration("1001ms", milliseconds{10}, milliseconds{1000}).fault ==
          "`1001ms` is out of range; expected 10ms to 1s");
    CHECK_FALSE(parse_duration("18446744073709551615m", milliseconds{10}, day));
    CHECK_FALSE(parse_duration("307445734561825861m", milliseconds{10}, day));  // wraps to a small number
    CHECK_FALSE(parse_duration("99999999999999999999999s", milliseconds{10}, day));
}

TEST_CASE("values: durations are written in the largest unit that fits", "[typed_values]") {
    CHECK(duration_text(milliseconds{0}) == "0s");
    CHECK(duration_text(milliseconds{250}) == "250ms");
    CHECK(duration_text(milliseconds{90'000}) == "90s");
    CHECK(duration_text(milliseconds{120'000}) == "2m");
    CHECK(duration_text(std::chrono::hours{1}) == "60m");
    CHECK(duration_text(std::chrono::hours{5}) == "5h");
    CHECK(duration_text(std::chrono::hours{48}) == "2d");
}

TEST_CASE("values: numbers", "[typed_values]") {
    CHECK(*parse_number("0", 0, 9) == 0);
    CHECK(*parse_number("0053", 1, 65535) == 53);
    CHECK(*parse_number("18446744073709551615", 0, UINT64_MAX) == UINT64_MAX);
    CHECK(parse_number("0", 1, 65535).fault == "`0` is out of range; expected 1 to 65535");
    CHECK(parse_number("65536", 1, 65535).fault == "`65536` is out of range; expected 1 to 65535");
    CHECK(parse_number("18446744073709551616", 0, UINT64_MAX).fault.find("out of range") != std::string::npos);
    for (const char* wrong : {"", "-1", "+1", "1.0", "0x10", "1 ", " 1", "ten", "1e3"}) {
        INFO(wrong);
        CHECK(mentions(parse_number(wrong, 0, 100).fault, "is not a number; expected 0 to 100"));
    }
}

TEST_CASE("values: switches", "[typed_values]") {
    for (const char* word : {"true", "yes", "on", "1", "TRUE", "On"}) CHECK(*parse_switch(word) == true);
    for (const char* word : {"false", "no", "off", "0", "OFF"}) CHECK(*parse_switch(word) == false);
    for (const char* word : {"", "2", "enabled", "tru"}) CHECK_FALSE(parse_switch(word));
    CHECK(parse_switch("maybe").fault ==
          "`maybe` was found; expected `true`, `false`, `yes`, `no`, `on`, `off`, `1` or `0`");
}

TEST_CASE("values: choices", "[typed_values]") {
    constexpr std::array<Choice<int>, 2> words{{{"udp", 1}, {"tcp", 2}}};
    CHECK(*parse_choice("TCP", words) == 2);
    CHECK(parse_choice("", words).fault == "nothing was found; expected `udp` or `tcp`");
    CHECK_FALSE(parse_choice("ud", words));
}

TEST_CASE("values: lists by commas, white space or both", "[typed_values]") {
    using List = std::vector<std::string_view>;
    CHECK(split_list("a") == List{"a"});
    CHECK(split_list("a,b c , d\te") == List{"a", "b", "c", "d", "e"});
    CHECK(split_list(", a ,, b,") == List{"a", "b"});
    CHECK(split_list("").empty());
    CHECK(split_list(" , ").empty());
}

TEST_CASE("values: networks", "[typed_values]") {
    const auto networks = parse_networks("10.0.0.0/8, fd00::/8 192.0.2.1");
    REQUIRE(networks);
    CHECK(networks->contains(net::Address::v4(10, 1, 2, 3)));
    CHECK(networks->contains(net::Address::v4(192, 0, 2, 1)));
    CHECK(networks->contains(*net::Address::parse("fd12::1")));
    CHECK_FALSE(networks->contains(net::Address::v4(192, 0, 2, 2)));
    CHECK(mentions(parse_networks("10.0.0.0/8, 10.0.0.0/33").fault, "`10.0.0.0/33` is not a network"));
    CHECK(mentions(parse_networks("").fault, "nothing was found"));
}

TEST_CASE("values: endpoints", "[typed_values]") {
    CHECK(parse_endpoint("127.0.0.1", 53, PortZero::refused)->to_string() == "127.0.0.1:53");
    CHECK(parse_endpoint("127.0.0.1:5300", 53, PortZero::refused)->to_string() == "127.0.0.1:5300");
    CHECK(parse_endpoint("[::1]:5300", 53, PortZero::refused)->to_string() == "[::1]:5300");
    CHECK(parse_endpoint("::", 53, PortZero::refused)->to_string() == "[::]:53");
    CHECK(parse_endpoint("127.0.0.1:0", 53, PortZero::taken)->port == 0);
    CHECK(parse_endpoint("127.0.0.1:0", 53, PortZero::refused).fault ==
          "the port of `127.0.0.1`: `0` is out of range; expected 1 to 65535");
    CHECK(mentions(parse_endpoint("example.com", 53, PortZero::taken).fault, "is not an address"));
}

TEST_CASE("values: targets", "[typed_values]") {
    CHECK(target_text("192.0.2.1") == "192.0.2.1:53");
    CHECK(target_text("192.0.2.1:9053") == "192.0.2.1:9053");
    CHECK(target_text("fd00::1") == "[fd00::1]:53");
    CHECK(target_text("[fd00::1]") == "[fd00::1]:53");
    CHECK(target_text("[fd00::1]:9053") == "[fd00::1]:9053");
    CHECK(target_text("ns.example.com") == "ns.example.com 53");
    CHECK(target_text("NS_1.Example.com.:9053") == "ns_1.example.com. 9053");  // the dot keeps the search list away
    CHECK(target_text("localhost") == "localhost 53");
}

TEST_CASE("what is no target is told", "[typed_values]") {
    for (const char* wrong :
         {"256.0.0.1", "1.2.3", "1.2.3.4.5", "12345", "a..b", ".", "a b", "a/b", "[fd00::1", "[1.2.3.4]:53",
          "[fd00::1]53", "fd00::1::2", ":53", "ex\xc3\xa4mple", "*.example.com", ""}) {
        INFO(wrong);
        CHECK(mentions(target_text(wrong), "is not an address; expected"));
    }
    CHECK(mentions(target_text(std::string(64, 'a')), "is not an address"));
    CHECK(mentions(target_text("fe80::1"), "is link-local; expected its interface as well"));
    CHECK(mentions(target_text("2001:db8::1%eth0"), "goes with a link-local IPv6 address"));
    for (const char* wrong : {"192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", "192.0.2.1:x", "[::1]:0", "[::1]:",
                              "host:0", "host:99999", "http://a", "host:-1"}) {
        INFO(wrong);
        CHECK(mentions(target_text(wrong), "!the port of `"));
    }
}

TEST_CASE("values: all, none, or one in how many", "[typed_values]") {
    CHECK(*parse_one_in("off") == 0);
    CHECK(*parse_one_in("On") == 1);
    CHECK(*parse_one_in("1/1") == 1);
    CHECK(*parse_one_in("1/100") == 100);
    CHECK(*parse_one_in("1/4294967295") == 4294967295u);
    for (const char* wrong : {"", "1/0", "1/", "2/3", "100", "1/-1", "1/4294967296", "1 / 2", "0.01", "true"}) {
        INFO(wrong);
        CHECK(mentions(parse_one_in(wrong).fault, "expected `off`, `on`, or `1/N` for one query in N"));
    }
    for (const std::uint32_t one_in : {0u, 1u, 2u, 4294967295u}) CHECK(*parse_one_in(one_in_text(one_in)) == one_in);
}

TEST_CASE("values: several targets", "[typed_values]") {
    const auto targets = parse_targets("192.0.2.1, 192.0.2.2:9053 ns.example.com", 8053);
    REQUIRE(targets);
    REQUIRE(targets->size() == 3);
    CHECK((*targets)[0].endpoint.port == 8053);
    CHECK((*targets)[1].endpoint.port == 9053);
    CHECK((*targets)[2].endpoint.port == 8053);
    CHECK(mentions(parse_targets(" , ", 53).fault, "nothing was found"));
    CHECK_FALSE(parse_targets("192.0.2.1, 192.0.2", 53));

    std::string many = "host1";
    for (std::size_t i = 2; i <= routing::max_targets_per_route; ++i) many.append(" host").append(std::to_string(i));
    CHECK(parse_targets(many, 53));
    many.append(" one-more");
    CHECK(parse_targets(many, 53).fault == "65 addresses were found; at most 64 may stand here");
}

}  // namespace dproxy::config
