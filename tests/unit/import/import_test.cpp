// SPDX-License-Identifier: MIT
#include "import/import.hpp"

#include <algorithm>

#include "catch.hpp"
#include "route_files/prox_file.hpp"

using namespace dproxy;
using foreign::Language;

namespace {

std::string told(const foreign::Import& result) {
    std::string text;
    for (const auto& one : result.left_out) text += one.to_string() + "\n";
    return text;
}

}  // namespace

TEST_CASE("each language gives a route file", "[import]") {
    const std::string expected_end = "[.a.test]\n\taddress\t= 192.0.2.1\n";
    const std::pair<Language, std::string> texts[] = {
        {Language::corefile, "a.test {\n forward . 192.0.2.1\n}\n"},
        {Language::dnsmasq, "no-resolv\nserver=/a.test/192.0.2.1\n"},
        {Language::unbound, "forward-zone:\n name: a.test\n forward-addr: 192.0.2.1\n"},
        {Language::bind, "zone a.test { type forward; forward only; forwarders { 192.0.2.1; }; };\n"}};
    for (const auto& [language, text] : texts) {
        for (const std::string& mark : {std::string(), std::string("\xef\xbb\xbf")}) {
            const auto result = foreign::read_foreign(mark + text, "x.conf", language);
            CHECK(told(result) == "");
            CHECK(result.text.ends_with(expected_end));
            CHECK(result.text.starts_with("# Made by dproxy import of `x.conf`, read as " +
                                          std::string(name_of(language)) + ".\n"));
        }
    }
}

TEST_CASE("answers of addresses, clients and types are keys of a route file", "[import]") {
    const auto dnsmasq = foreign::read_foreign("no-resolv\naddress=/a.test/192.0.2.1\naddress=/b.test/#\n", "f",
                                               Language::dnsmasq);
    CHECK(told(dnsmasq) == "");
    CHECK(dnsmasq.text.ends_with("[.a.test]\n\tanswer\t= 192.0.2.1\n\tttl\t= 0s\n\ttypes\t= A\n\n# line 3\n"
                                 "[.b.test]\n\tanswer\t= 0.0.0.0, ::\n\tttl\t= 0s\n\ttypes\t= A, AAAA\n"));
    const auto views = foreign::read_foreign(
        "view a { match-clients { 10/8; }; zone x { type forward; forward only; forwarders { 10.0.0.1; }; }; };\n"
        "view b { zone x { type forward; forward only; forwarders { 192.0.2.1; }; }; };\n", "f", Language::bind);
    CHECK(told(views) == "");
    CHECK(views.text.find("[.x]\n\taddress\t= 10.0.0.1\n\tclients\t= 10.0.0.0/8\n") != std::string::npos);
    // The same networks in other words are the same.
    const auto twice = foreign::read_foreign(
        "a.test {\n view v {\n  expr incidr(client_ip(), '10.0.0.0/8')\n }\n forward . 10.0.0.1\n}\n"
        "a.test {\n view w {\n  expr incidr(client_ip(), '10.9.9.9/7')\n }\n forward . 10.0.0.2\n}\n", "f",
        Language::corefile);
    CHECK(told(twice) == "");
    routing::SettingsPool pool;
    for (const auto* result : {&dnsmasq, &views, &twice}) {
        CHECK(config::parse_prox(result->text, "r", {}, pool).file != nullptr);
    }
}

TEST_CASE("what is told names file and line", "[import]") {
    const auto result = foreign::read_foreign("no-resolv\ncache-size=1\nserver=192.0.2.1\n", "/etc/dnsmasq.conf",
                                              Language::dnsmasq);
    CHECK(told(result) ==
          "/etc/dnsmasq.conf:2: `cache-size` has no counterpart in a route file: the setting `cache_size`, in bytes; "
          "sections keep answers\n");
}

TEST_CASE("a file that is too long is read to the limit", "[import]") {
    std::string text(foreign::max_import_bytes - 2, '#');
    text += "\nserver=/a.test/192.0.2.1\n";
    const auto result = foreign::read_foreign(text, "f", Language::dnsmasq);
    CHECK(result.text.find("a.test") == std::string::npos);
    CHECK(told(result).starts_with("f: the file has more than 67108864 bytes; the rest is not read\n"));
}

TEST_CASE("whatever stands in a file, the result is a good route file", "[import]") {
    for (const auto language : {Language::corefile, Language::dnsmasq, Language::unbound, Language::bind}) {
        for (const std::string& text :
             {std::string(), std::string("\0\x01\xff", 3), std::string("{{{{}}}}"),
              std::string("server=/\xc3\xa4.test/1.1.1.1\n"), std::string("[x]\naddress = 1.1.1.1\n"),
              std::string(5000, '{'), std::string(5000, '"')}) {
            const auto result = foreign::read_foreign(text, "f", language);
            routing::SettingsPool pool;
            const auto parsed = config::parse_prox(result.text, "r", {}, pool);
            CHECK(parsed.file != nullptr);
        }
    }
}
