// SPDX-License-Identifier: MIT
#include "routing/loop_token.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "catch.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {

namespace {

LoopToken token_of(std::uint8_t first) {
    std::array<std::uint8_t, LoopToken::random_bytes> random{};
    random[0] = first;
    random[15] = 0xfe;
    return LoopToken(random);
}

constexpr std::uint64_t number = 0x0123456789abcdef;

}  // namespace

TEST_CASE("a loop probe's name is a label of number and seal below the domain", "[loop_token]") {
    const dns::Name domain = name_of("corp.example");
    const std::string name = token_of(0xa0).probe_name(number, domain.wire()).to_text();
    CHECK(name.substr(0, 16) == "0123456789abcdef");
    CHECK(name.substr(32) == ".corp.example");
    CHECK(token_of(0xa0).number_of(name_of(name).wire()) == number);
    const dns::Name below_root = token_of(0).probe_name(~std::uint64_t{0}, dns::Name().wire());
    CHECK(token_of(0).number_of(below_root.wire()) == ~std::uint64_t{0});
}

TEST_CASE("the seal is SipHash-2-4", "[loop_token]") {
    // The key of its authors' vectors, and the message 00 01 ... 07 00: the number, then the root. What is expected was
    // made by another implementation, which reproduces these vectors.
    std::array<std::uint8_t, LoopToken::random_bytes> key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
    const auto name = LoopToken(key).probe_name(0x0706050403020100, dns::Name().wire());
    CHECK(name.to_text() == "0706050403020100bf81c70e12353d4c");
}

TEST_CASE("the number is found whatever a server makes of the case", "[loop_token]") {
    std::string text = token_of(0xab).probe_name(number, name_of("corp.example").wire()).to_text();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    CHECK(token_of(0xab).number_of(name_of(text).wire()) == number);
}

TEST_CASE("other names are no loop probes of this process", "[loop_token]") {
    const LoopToken token = token_of(0xa0);
    const std::string label = token.probe_name(number, name_of("x").wire()).to_text().substr(0, 32);
    REQUIRE(token.number_of(name_of(label + ".x").wire()) == number);
    for (const std::string& text : {
             std::string("."), std::string("corp.example"), std::string(32, 'a') + ".x", label, label + "0.x",
             label.substr(0, 31) + ".x", label.substr(0, 31) + "g.x", label.substr(0, 31) + "/.x", "x." + label,
             // The number of a probe that was seen, made another, or taken to another domain.
             "1" + label.substr(1) + ".x", label.substr(0, 16) + std::string(16, '0') + ".x", label + ".y",
             label + ".x.x", label + ".x.y"}) {
        INFO(text);
        CHECK_FALSE(token.number_of(name_of(text).wire()));
    }
    CHECK_FALSE(token.number_of({}));
    CHECK_FALSE(token_of(1).number_of(token.probe_name(number, name_of("x").wire()).wire()));
}

TEST_CASE("a label that was kept for later is stale", "[loop_token]") {
    constexpr std::uint64_t second = 1'000'000'000;
    for (const std::uint64_t now_ns : {5 * second, 123'456 * second, (std::uint64_t{1} << 62) - second}) {
        const std::uint64_t sent = LoopToken::number_of_probe(now_ns, 0xffffffff);
        CHECK(LoopToken::is_fresh(sent, now_ns));
        CHECK(LoopToken::is_fresh(sent, now_ns + 2 * second));  // as long as it is waited for, and longer
        CHECK_FALSE(LoopToken::is_fresh(sent, now_ns + 6 * second));
        CHECK_FALSE(LoopToken::is_fresh(sent, now_ns - 3 * second));
    }
}

TEST_CASE("the longest domain leaves room for the label, and no more", "[loop_token]") {
    std::string text(LoopToken::longest_domain - 2 - 3 * 64, 'x');
    for (int i = 0; i < 3; ++i) text += "." + std::string(63, 'x');
    const dns::Name domain = name_of(text);
    REQUIRE(domain.wire().size() == LoopToken::longest_domain);
    const dns::Name name = token_of(7).probe_name(number, domain.wire());
    CHECK(name.wire().size() == dns::max_name_length);
    CHECK(token_of(7).number_of(name.wire()) == number);
}

}  // namespace dproxy::routing
