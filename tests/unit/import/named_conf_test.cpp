// SPDX-License-Identifier: MIT
#include "import/named_conf.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy;
using test::lines_of;

test::Drafted read(std::string_view text) { return test::drafted(foreign::read_named_conf, text); }

std::string forward(const std::string& zone, const std::string& address) {
    return "zone \"" + zone + "\" { type forward; forward only; forwarders { " + address + "; }; };\n";
}

}  // namespace

TEST_CASE("named.conf: zones that are forwarded, and all others", "[import]") {
    const auto done = read(
        "options {\n\tforward only;\n\tforwarders port 5300 { 9.9.9.9; 149.112.112.112 port 54; 2001:db8::1; };\n};\n"
        "zone \"corp.example\" IN {\n\ttype forward;\n\tforward only;\n\tforwarders { 10.0.0.1; };\n};\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "3 *: address=9.9.9.9:5300,149.112.112.112:54,[2001:db8::1]:5300\n8 .corp.example: address=10.0.0.1\n");
}

TEST_CASE("named.conf: forward first cannot be kept, and no servers mean resolution", "[import]") {
    const auto done = read("zone \"a\" {\n type forward;\n forwarders { 192.0.2.1; };\n};\n"
                           "zone \"b\" { type forward; forwarders { }; };\nzone \"c\" { type forward; };\n"
                           "options { forwarders { 192.0.2.1; };\n forward first; };\n");
    CHECK(done.sections == "7 *: address=192.0.2.1\n3 .a: address=192.0.2.1\n");
    CHECK(lines_of(done.told) == "3 5 6 8");
}

TEST_CASE("named.conf: static-stub zones", "[import]") {
    CHECK(read("zone a { type static-stub; server-addresses { 192.0.2.1; }; server-names { ns.b; }; };").sections ==
          "1 .a: address=192.0.2.1,ns.b\n");
    CHECK(lines_of(read("zone a { type static-stub; };").told) == "1");
}

TEST_CASE("named.conf: zones of its own are told", "[import]") {
    const auto done = read("zone \".\" { type hint; file \"x\"; };\nzone \"localhost\" { type master; file \"y\"; };\n"
                           "zone \"b\" { type secondary; primaries { 192.0.2.1; }; };\nzone c { };\n");
    CHECK(done.sections == "");
    CHECK(lines_of(done.told) == "1 2 3 4");
    CHECK(done.told.find("run a nameserver behind it") != std::string::npos);
}

TEST_CASE("named.conf: servers over TLS", "[import]") {
    const std::string tls = "tls t { remote-hostname \"dns.example\"; ca-file \"/etc/ca.pem\"; };\n";
    CHECK(read(tls + "options { forward only; forwarders port 853 tls t { 9.9.9.9; }; };").sections ==
          "2 *: address=9.9.9.9:853 protocol=tls tls_name=dns.example tls_ca=/etc/ca.pem\n");
    CHECK(read("options { forward only; forwarders { 9.9.9.9 port 853 tls ephemeral; }; };").sections ==
          "1 *: address=9.9.9.9:853 protocol=tls tls_verify=off\n");
    const auto mixed = read("options { forward only; forwarders {\n 192.0.2.1;\n 9.9.9.9 tls t;\n x:y; }; };");
    CHECK(mixed.sections == "1 *: address=192.0.2.1\n");
    CHECK(lines_of(mixed.told) == "3 4");
}

TEST_CASE("named.conf: who may ask", "[import]") {
    const std::string zone = forward("a", "192.0.2.1");
    CHECK(read("acl inner { 10/8; fd00::/8; };\noptions { allow-query { inner; 192.0.2.7; }; };\n" + zone).sections ==
          "3 .a: allow=10.0.0.0/8,fd00::/8,192.0.2.7 address=192.0.2.1\n");
    CHECK(read("options { allow-query { any; }; };\n" + zone).sections == "2 .a: address=192.0.2.1\n");
    CHECK(read("options { allow-query { any; }; allow-recursion { localhost; }; };\n" + zone).sections ==
          "2 .a: allow=127.0.0.0/8,::1 address=192.0.2.1\n");
    const auto local = read("options { allow-query { localnets; ! 10.0.0.1; key k; }; };\n" + zone);
    CHECK(local.sections == "2 .a: allow=127.0.0.0/8,::1 address=192.0.2.1\n");
    CHECK(lines_of(local.told) == "1 1 1 1");
    CHECK(read("options { allow-query { none; }; };\n" + zone).sections ==
          "2 .a: allow=127.0.0.0/8,::1 address=192.0.2.1\n");
}

TEST_CASE("named.conf: lists of clients that name each other end", "[import]") {
    const auto done = read("acl a { b; };\nacl b { a; 10.0.0.0/8; };\noptions { allow-query { a; }; };\n" +
                           forward("x", "192.0.2.1"));
    CHECK(done.sections == "4 .x: allow=10.0.0.0/8 address=192.0.2.1\n");
    CHECK(done.told == "");
    std::string doubling = "acl a30 { 10.0.0.0/8; };\n";
    for (int i = 0; i < 30; ++i) {
        const auto next = std::to_string(i + 1);
        doubling += "acl a" + std::to_string(i) + " { a" + next + "; a" + next + "; };\n";
    }
    doubling += "options { allow-query { a0; }; };\n";
    CHECK(read(doubling + forward("x", "192.0.2.1")).sections == "33 .x: allow=10.0.0.0/8 address=192.0.2.1\n");
    const std::string deep = "acl b { { { a0; }; }; };\n" + doubling + "options { allow-query { b; }; };\n";
    CHECK(lines_of(read(deep).told) == "34 34");  // too deep, and so nobody is left
}

TEST_CASE("named.conf: views are sections for their clients", "[import]") {
    const auto done = read("view inside {\n match-clients { 10.0.0.0/8; };\n" + forward("corp", "10.0.0.1") + "};\n" +
                           "view outside {\n match-clients { any; };\n" + forward("corp", "192.0.2.1") + "};\n");
    CHECK(done.told == "");
    CHECK(done.sections == "3 .corp: address=10.0.0.1 clients=10.0.0.0/8\n7 .corp: address=192.0.2.1\n");
}

TEST_CASE("named.conf: clients of a view do not see zones of another one", "[import]") {
    // They have what their own view says for such names; where it says nothing, that is told.
    const auto done = read("options { forward only; forwarders { 9.9.9.9; }; };\n"
                           "view inside { match-clients { 10.0.0.0/8; }; " + forward("corp", "10.0.0.1") + "};\n" +
                           "view outside { " + forward("dmz", "192.0.2.1") + "};\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "1 *: address=9.9.9.9 clients=10.0.0.0/8\n2 .corp: address=10.0.0.1 clients=10.0.0.0/8\n"
          "2 .dmz: address=9.9.9.9 clients=10.0.0.0/8\n"
          "1 *: address=9.9.9.9\n4 .dmz: address=192.0.2.1\n");
    const auto bare = read("view inside { match-clients { 10.0.0.0/8; }; };\nview outside { " +
                           forward("dmz", "192.0.2.1") + "};\n");
    CHECK(bare.sections == "2 .dmz: address=192.0.2.1\n");
    CHECK(lines_of(bare.told) == "2");
}

TEST_CASE("named.conf: clients belong to the first view that has them", "[import]") {
    const auto done = read("view a { match-clients { 10.0.0.0/8; }; " + forward("x", "10.0.0.1") + "};\n" +
                           "view b { match-clients { 10.1.0.0/16; 192.0.2.0/24; }; " + forward("x", "10.0.0.2") +
                           "};\nview c { };\nview d { };\nview e { match-clients { localnets; }; };\n");
    CHECK(done.sections == "1 .x: address=10.0.0.1 clients=10.0.0.0/8\n3 .x: address=10.0.0.2 clients=192.0.2.0/24\n");
    CHECK(lines_of(done.told) == "3 6 7");
}

TEST_CASE("named.conf: what has no counterpart is told with its line", "[import]") {
    const auto done = read("include \"/etc/bind/named.conf.options\";\nlogging { category default { null; }; };\n"
                           "options {\n directory \"/var/cache/bind\";\n dnssec-validation auto;\n};\n"
                           "key k { algorithm x; };\nview v {\n recursion yes;\n};\n");
    CHECK(done.sections == "");
    CHECK(lines_of(done.told) == "1 2 4 5 7 9");
    CHECK(done.told.find("1: `include` has no counterpart in a route file: it is not followed") != std::string::npos);
}

TEST_CASE("BIND: answers that are kept", "[import]") {
    const std::string forward = " forward only;\n forwarders { 192.0.2.1; };\n};\n";
    CHECK(read("options {\n stale-answer-enable no;\n" + forward).sections == "4 *: address=192.0.2.1\n");
    const auto times = read("options {\n max-cache-ttl 1h; min-cache-ttl 10; max-ncache-ttl 1m;\n" + forward);
    CHECK(times.sections == "4 *: address=192.0.2.1 cache=on cache_ttl=10s-3600s cache_negative=60s\n");
    CHECK(times.told == "");
    CHECK(read("options {\n stale-answer-enable yes;\n" + forward +
               "zone \"a\" {\n type static-stub;\n server-addresses { 192.0.2.2; };\n};\n").sections ==
          "4 *: address=192.0.2.1 cache=on cache_ttl=0s-604800s cache_negative=10800s cache_stale=86400s\n"
          "6 .a: address=192.0.2.2 cache=on cache_ttl=0s-604800s cache_negative=10800s cache_stale=86400s\n");
    CHECK(lines_of(read("options {\n max-cache-ttl 2w;\n prefetch 2 9;\n max-ncache-ttl x;\n};\n").told) == "0 2 3 4");
}
