// SPDX-License-Identifier: MIT
#include "import/corefile_forward.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy::foreign;
using dproxy::test::lines_of;

struct Read {
    std::string keys;
    std::string told;
};
/// The first directive of a block of them.
Read forward(const std::string& text) {
    Draft draft("f");
    const auto blocks = read_corefile_blocks(". {\n" + text + "\n}\n", draft);
    const auto forward = read_corefile_forward(blocks.at(0).directives.at(0), draft);
    Read read;
    for (std::size_t i = 0; forward && i < forward->keys.size(); ++i) {
        read.keys += (i > 0 ? "; " : "") + forward->keys[i].first + "=" + forward->keys[i].second;
    }
    read.told = dproxy::test::told_of(draft);
    return read;
}

std::string acl(const std::string& text, std::string* told = nullptr) {
    Draft draft("f");
    const auto blocks = read_corefile_blocks(". {\n" + text + "\n}\n", draft);
    const std::string networks = joined(read_corefile_acl(blocks.at(0).directives.at(0), draft));
    if (told != nullptr) *told = dproxy::test::told_of(draft);
    return networks;
}

}  // namespace

TEST_CASE("forward: servers in all their forms", "[import]") {
    CHECK(forward("forward . 192.0.2.1").keys == "address=192.0.2.1");
    CHECK(forward("proxy . 192.0.2.1:54").keys == "address=192.0.2.1:54");
    CHECK(forward("forward . dns://192.0.2.1 2001:db8::1 [2001:db8::2]:54 [2001:db8::3]").keys ==
          "address=192.0.2.1, 2001:db8::1, [2001:db8::2]:54, 2001:db8::3; policy=random");
    CHECK(forward("forward . tls://9.9.9.9 tls://149.112.112.112:853 {\n tls_servername dns.example\n}").keys ==
          "address=9.9.9.9, 149.112.112.112:853; protocol=tls; tls_name=dns.example; policy=random");
    CHECK(forward("forward . tls://9.9.9.9%dns.example").keys == "address=9.9.9.9; protocol=tls; tls_name=dns.example");
    CHECK(forward("forward . tls://[2620:fe::fe%dns.example]:853").keys ==
          "address=[2620:fe::fe]:853; protocol=tls; tls_name=dns.example");
    CHECK(forward("forward . https://9.9.9.9").keys == "address=9.9.9.9; protocol=https");
}

TEST_CASE("forward: options with a counterpart", "[import]") {
    const auto all = forward(
        "forward . 192.0.2.1 192.0.2.2 {\n force_tcp\n policy sequential\n max_concurrent 1000\n max_fails 0\n"
        " failover SERVFAIL REFUSED\n}");
    CHECK(all.keys == "address=192.0.2.1, 192.0.2.2; protocol=tcp; policy=first; fallback_on=servfail, refused; "
                      "max_inflight=1000; health=off");
    CHECK(all.told == "");
    CHECK(forward("forward . 192.0.2.1 192.0.2.2 {\n policy round_robin\n}").keys ==
          "address=192.0.2.1, 192.0.2.2; policy=round-robin");
    CHECK(forward("forward . tls://192.0.2.1 {\n tls /etc/ca.pem\n}").keys ==
          "address=192.0.2.1; protocol=tls; tls_ca=/etc/ca.pem");
}

TEST_CASE("forward: options without one, and servers that are none", "[import]") {
    const auto some = forward(
        "forward . 192.0.2.1 {\n expire 10s\n health_check 5s\n prefer_udp\n max_fails 3\n policy other\n"
        " failover BADVERS\n tls a b c\n}");
    CHECK(some.keys == "address=192.0.2.1");
    CHECK(lines_of(some.told) == "3 4 5 6 7 8 9");
    const auto file = forward("forward . /etc/resolv.conf");
    CHECK(file.keys == "");
    CHECK(file.told.find("masterupstream = system") != std::string::npos);
    CHECK(forward("forward . /etc/resolv.conf 192.0.2.1").keys == "address=192.0.2.1");
    for (const auto* text : {"forward", "forward .", "forward . nonsense:x", "forward . grpc://192.0.2.1",
                             "forward . [::1", "forward . [::1]x", "forward . tls://%"}) {
        INFO(text);
        CHECK(forward(text).keys == "");
        CHECK(lines_of(forward(text).told) == "2");
    }
    const auto mixed = forward("forward . 192.0.2.1 tls://192.0.2.2");
    CHECK(mixed.keys == "address=192.0.2.1");
    CHECK(lines_of(mixed.told) == "2");
}

TEST_CASE("acl: networks that are allowed, with all others blocked", "[import]") {
    CHECK(acl("acl {\n allow net 10.0.0.0/8 fd00::/8\n allow net 192.0.2.1\n block\n}") ==
          "10.0.0.0/8, fd00::/8, 192.0.2.1");
    CHECK(acl("acl {\n allow net 10.0.0.0/8\n block net *\n}") == "10.0.0.0/8");
    for (const auto* text : {"acl {\n block net 10.0.0.0/8\n}", "acl {\n allow type A net 10.0.0.0/8\n block\n}", "acl",
                             "acl a.test {\n allow net 10.0.0.0/8\n block\n}", "acl {\n allow net x\n block\n}",
                             "acl {\n allow net 10.0.0.0/8\n filter\n}", "acl {\n block\n}"}) {
        std::string told;
        INFO(text);
        CHECK(acl(text, &told) == "");
        CHECK(lines_of(told) == "2");
    }
}
