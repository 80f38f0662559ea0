// SPDX-License-Identifier: MIT
#include "import/language.hpp"

#include "catch.hpp"

using namespace dproxy::foreign;

TEST_CASE("a language is known by its content", "[import]") {
    CHECK(recognise("x", "example.com:53 {\n    errors\n    forward . 192.0.2.1\n}\n") == Language::corefile);
    CHECK(recognise("x", "# a comment\nserver=/a.test/192.0.2.1\nno-resolv\n") == Language::dnsmasq);
    CHECK(recognise("x", "server:\n  local-zone: \"a.test\" refuse\nforward-zone:\n  name: \".\"\n") ==
          Language::unbound);
    CHECK(recognise("x", "options {\n\tforwarders { 192.0.2.1; };\n};\nzone \"a\" { type forward; };\n") ==
          Language::bind);
    CHECK(recognise("x", "include \"/etc/bind/named.conf.options\";\n") == Language::bind);
}

TEST_CASE("a language is known by the file's name where its content says little", "[import]") {
    CHECK(recognise("/etc/coredns/Corefile", "import other\n") == Language::corefile);
    CHECK(recognise("/etc/dnsmasq.d/a.conf", "") == std::nullopt);
    CHECK(recognise("dnsmasq.conf", "# nothing\n") == Language::dnsmasq);
    CHECK(recognise("/etc/unbound/unbound.conf", "") == Language::unbound);
    CHECK(recognise("/etc/bind/named.conf.local", "") == Language::bind);
}

TEST_CASE("what shows nothing is not guessed", "[import]") {
    CHECK_FALSE(recognise("x", ""));
    CHECK_FALSE(recognise("x", "[a.test]\naddress\n"));
    CHECK_FALSE(recognise("x", "server=1.1.1.1\nserver:\n"));
}

TEST_CASE("languages have names", "[import]") {
    for (const auto language : {Language::corefile, Language::dnsmasq, Language::unbound, Language::bind}) {
        CHECK(parse_language(name_of(language)) == language);
    }
    CHECK(parse_language("BIND") == Language::bind);
    CHECK_FALSE(parse_language("powerdns"));
}
