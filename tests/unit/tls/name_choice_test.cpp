// SPDX-License-Identifier: MIT
#include "tls/name_choice.hpp"

#include "catch.hpp"

using namespace dproxy::tls;

using Those = std::vector<std::size_t>;

TEST_CASE("names are compared without case and the dot at their end", "[name_choice]") {
    CHECK(compared_name("DNS.Example.") == "dns.example");
    CHECK(compared_name("dns.example") == "dns.example");
    CHECK(compared_name(".") == "");
    CHECK(compared_name("") == "");
}

TEST_CASE("an exact name comes before a wildcard, and a wildcard is one label", "[name_choice]") {
    NameChoice choice;
    choice.add("*.Example", 0);
    choice.add("dns.example", 1);
    choice.add("dns.example", 2);
    choice.add("dns.example", 2);
    choice.add("*.example", 3);
    CHECK(choice.find("DNS.example.") == Those{1, 2});
    CHECK(choice.find("www.example") == Those{0, 3});
    CHECK(choice.find("a.www.example").empty());
    CHECK(choice.find("example").empty());
    CHECK(choice.find(".example").empty());
    CHECK(choice.find("").empty());
    CHECK(choice.find("other").empty());
    CHECK(choice.find(std::string(250, 'a') + ".example").empty());
    CHECK(choice.find(std::string(247, 'a') + ".example.") == Those{0, 3});
}

TEST_CASE("a star anywhere else matches nothing", "[name_choice]") {
    NameChoice choice;
    for (const char* name : {"d*.example", "*", "*.", "", "a.*.example", "*.*.example", "*s.example"}) {
        choice.add(name, 0);
    }
    for (const char* name : {"dns.example", "*", "", "a.b.example", "a.example", "d*.example", "*.example"}) {
        CHECK(choice.find(name).empty());
    }
}
