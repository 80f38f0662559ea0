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

TEST_CASE("a loop probe's name is a label of token and number below the domain", "[loop_token]") {
    const dns::Name domain = name_of("corp.example");
    const dns::Name name = token_of(0xa0).probe_name(number, domain.wire());
    CHECK(name.to_text() == "a00000000000000000000000000000fe0123456789abcdef.corp.example");
    CHECK(token_of(0xa0).number_of(name.wire()) == number);
    const dns::Name below_root = token_of(0).probe_name(~std::uint64_t{0}, dns::Name().wire());
    CHECK(token_of(0).number_of(below_root.wire()) == ~std::uint64_t{0});
}

TEST_CASE("the number is found whatever a server makes of the case", "[loop_token]") {
    std::string text = token_of(0xab).probe_name(number, name_of("corp.example").wire()).to_text();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    CHECK(token_of(0xab).number_of(name_of(text).wire()) == number);
}

TEST_CASE("other names are no loop probes of this process", "[loop_token]") {
    const LoopToken token = token_of(0xa0);
    const std::string label = "a00000000000000000000000000000fe0123456789abcdef";
    for (const std::string& text : {
             std::string("."), std::string("corp.example"), std::string(48, 'a') + ".corp.example",
             "b" + label.substr(1) + ".x", label.substr(0, 47) + ".x", label + "0.x", label.substr(0, 47) + "g.x",
             label.substr(0, 47) + "/.x", "x." + label, label.substr(0, 31) + "f" + label.substr(32) + ".x"}) {
        INFO(text);
        CHECK_FALSE(token.number_of(name_of(text).wire()));
    }
    CHECK_FALSE(token.number_of({}));
    CHECK_FALSE(token_of(1).number_of(token.probe_name(number, name_of("x").wire()).wire()));
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
