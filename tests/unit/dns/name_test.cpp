// SPDX-License-Identifier: MIT
#include "dns/name.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
using dproxy::test::name_of_length;
using dproxy::test::Octets;
using Fault = Name::Fault;

namespace {

Octets wire_of(std::string_view text, bool lower = false) {
    const auto parsed = Name::parse(text, lower);
    INFO(text);
    REQUIRE_FALSE(parsed.fault);
    const auto wire = parsed.name.wire();
    return {wire.begin(), wire.end()};
}

std::string text_of(std::string_view text) { return Name::parse(text, false).name.to_text(); }

}  // namespace

TEST_CASE("names are read from text", "[dns]") {
    CHECK(wire_of("www.example.com") == dproxy::test::name("www.example.com"));
    CHECK(wire_of("www.example.com.") == dproxy::test::name("www.example.com"));
    CHECK(wire_of(".") == Octets{0});
    CHECK(wire_of("a") == Octets{1, 'a', 0});
    CHECK(wire_of("WwW.x") == Octets{3, 'W', 'w', 'W', 1, 'x', 0});
    CHECK(wire_of("WwW.x", true) == Octets{3, 'w', 'w', 'w', 1, 'x', 0});
    CHECK(wire_of("*.x") == Octets{1, '*', 1, 'x', 0});
    CHECK(wire_of("a\\.b.c") == Octets{3, 'a', '.', 'b', 1, 'c', 0});
    CHECK(wire_of("\\065\\255\\000") == Octets{3, 'A', 255, 0, 0});
    CHECK(wire_of("\\065", true) == Octets{1, 'a', 0});
    CHECK(wire_of("\\\\.\\-") == Octets{1, '\\', 1, '-', 0});
}

TEST_CASE("what is no name says why", "[dns]") {
    struct Case {
        std::string text;
        Fault fault;
    };
    const std::string label63(63, 'a');
    for (const auto& [text, fault] : {Case{"", Fault::empty},
                                      Case{"..", Fault::empty_label},
                                      Case{".a", Fault::empty_label},
                                      Case{"a..b", Fault::empty_label},
                                      Case{"a..", Fault::empty_label},
                                      Case{label63 + "a", Fault::label_too_long},
                                      Case{"x." + label63 + "a.y", Fault::label_too_long},
                                      Case{"a\\", Fault::bad_escape},
                                      Case{"\\2x", Fault::bad_escape},
                                      Case{"\\25", Fault::bad_escape},
                                      Case{"\\2", Fault::bad_escape},
                                      Case{"\\999", Fault::bad_escape},
                                      Case{"\\256", Fault::bad_escape},
                                      Case{"\\25x", Fault::bad_escape},
                                      Case{"b\xc3\xbc"
                                           "cher.example",
                                           Fault::not_ascii},
                                      Case{"\\\xc3\xbc", Fault::not_ascii},
                                      Case{name_of_length(256), Fault::name_too_long},
                                      Case{name_of_length(256) + ".", Fault::name_too_long},
                                      Case{name_of_length(300), Fault::name_too_long},
                                      Case{name_of_length(254) + ".a", Fault::name_too_long}}) {
        const auto parsed = Name::parse(text, true);
        INFO(text);
        REQUIRE(parsed.fault);
        CHECK(*parsed.fault == fault);
        CHECK_FALSE(describe(*parsed.fault).empty());
        CHECK(parsed.name.is_root());
    }
}

TEST_CASE("the longest label and the longest name are good", "[dns]") {
    CHECK(wire_of(std::string(63, 'a')).size() == 65);
    for (std::size_t length = 250; length <= 255; ++length) {
        CHECK(wire_of(name_of_length(length)).size() == length);
        CHECK(wire_of(name_of_length(length) + ".").size() == length);
    }
}

TEST_CASE("names are written as text", "[dns]") {
    CHECK(Name().to_text() == ".");
    CHECK(Name().is_root());
    CHECK(text_of("www.Example.com.") == "www.Example.com");
    CHECK(text_of("a\\.b\\\\.\\\"\\;\\@") == "a\\.b\\\\.\\\"\\;\\@");
    CHECK(text_of("a b") == "a\\032b");
    CHECK(text_of("\\000\\255\\127") == "\\000\\255\\127");
    CHECK(name_to_text(Octets{}) == ".");
    CHECK(name_to_text(Octets{3, 'a', 'b'}) == ".");
}

TEST_CASE("labels are counted without the root", "[dns]") {
    CHECK(Name().label_count() == 0);
    CHECK(Name::parse("com", false).name.label_count() == 1);
    CHECK(Name::parse("a\\.b.example.com.", false).name.label_count() == 3);
}

TEST_CASE("compressed names are followed", "[dns]") {
    const Octets message = {1, 'a', 3, 'c', 'o', 'm', 0, 1, 'b', 0xc0, 2, 0xc0, 7, 99};
    std::size_t at = 11;
    const auto name = Name::read(message, at);
    REQUIRE(name);
    CHECK(name->to_text() == "b.com");
    CHECK(at == 13);
    at = 0;
    CHECK(Name::read(message, at)->to_text() == "a.com");
    CHECK(at == 7);
}

TEST_CASE("a name that cannot be followed is none", "[dns]") {
    const auto unreadable = [](const Octets& message, std::size_t at) { return !Name::read(message, at).has_value(); };
    CHECK(unreadable({}, 0));
    CHECK(unreadable({3, 'a', 'b'}, 0));
    CHECK(unreadable({1, 'a'}, 0));
    CHECK(unreadable({1, 'a', 0xc0}, 0));
    CHECK(unreadable({0xc0, 0}, 0));           // leads to itself
    CHECK(unreadable({1, 'a', 0xc0, 0}, 0));   // into the name itself
    CHECK(unreadable({0xc0, 2, 0xc0, 0}, 2));  // round in a circle
    CHECK(unreadable({0xc0, 2, 0}, 0));        // forwards
    CHECK(unreadable({0x40, 0}, 0));
    CHECK(unreadable({0x80, 0}, 0));
    Octets two_long = dproxy::test::name(name_of_length(200));
    const auto second = two_long.size();
    two_long += dproxy::test::Octets(64, 63);
    two_long += Octets{0xc0, 0};
    CHECK(unreadable(two_long, second));  // 64 + 200 bytes
}

TEST_CASE("pointers are followed as far as a name has labels", "[dns]") {
    const auto chain = [](std::size_t pointers, bool with_labels) {
        Octets message{0};
        std::size_t last = 0;
        for (std::size_t i = 0; i < pointers; ++i) {
            const std::size_t begin = message.size();
            if (with_labels) message += Octets{1, 'a'};
            message += Octets{static_cast<std::uint8_t>(0xc0 | last >> 8), static_cast<std::uint8_t>(last)};
            last = begin;
        }
        return std::pair(message, last);
    };
    constexpr std::size_t most = 127;
    for (const bool with_labels : {true, false}) {
        const auto [longest, at_longest] = chain(most, with_labels);
        std::size_t at = at_longest;
        const auto name = Name::read(longest, at);
        REQUIRE(name);
        CHECK(name->label_count() == (with_labels ? most : 0));
        CHECK(at == longest.size());
        const auto [longer, at_longer] = chain(most + 1, with_labels);
        at = at_longer;
        CHECK_FALSE(Name::read(longer, at));
    }
}

TEST_CASE("a decompressed name may have 255 bytes and no more", "[dns]") {
    for (const std::size_t length : {190u, 191u, 192u}) {  // behind a label of 63
        Octets message = dproxy::test::name(name_of_length(length));
        std::size_t at = message.size();
        message.push_back(63);
        message += Octets(63, 'y');
        message += Octets{0xc0, 0};
        CHECK(Name::read(message, at).has_value() == (length + 64 <= 255));
    }
}

TEST_CASE("names are compared without ASCII case", "[dns]") {
    const auto equal = [](std::string_view a, std::string_view b) {
        return equal_ignoring_case(dproxy::test::name(a), dproxy::test::name(b));
    };
    CHECK(equal("www.example.com", "WWW.eXample.cOm"));
    CHECK(equal("", ""));
    CHECK_FALSE(equal("www.example.com", "www.example.org"));
    CHECK_FALSE(equal("a.bc", "ab.c"));
    CHECK_FALSE(equal("a", "a.b"));
    CHECK_FALSE(equal("[", "{"));  // 0x5b and 0x7b differ as `A` and `a` do
    CHECK_FALSE(equal("@", "`"));
    CHECK_FALSE(equal("\xc4", "\xe4"));
    CHECK(equal_ignoring_case(Octets{}, Octets{}));
}

TEST_CASE("a name is within a domain that is its end, label by label", "[dns]") {
    const auto within = [](std::string_view name, std::string_view domain) {
        return is_within(Name::parse(name, false).name.wire(), Name::parse(domain, false).name.wire());
    };
    CHECK(within("corp.example", "corp.example"));
    CHECK(within("a.b.corp.example", "corp.example"));
    CHECK(within("A.CORP.example", "corp.EXAMPLE"));
    CHECK(within("corp.example", "."));
    CHECK(within(".", "."));
    CHECK_FALSE(within("example", "corp.example"));
    CHECK_FALSE(within("xcorp.example", "corp.example"));
    CHECK_FALSE(within("corp.example.net", "corp.example"));
    CHECK_FALSE(within(".", "example"));
}
