// SPDX-License-Identifier: MIT
#include "import/corefile.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy;
using test::lines_of;

test::Drafted read(std::string_view text) { return test::drafted(foreign::read_corefile, text); }

}  // namespace

TEST_CASE("Corefile: stub domains", "[import]") {
    const auto done = read(
        ".:53 {\n    errors\n    health {\n        lameduck 5s\n    }\n    ready\n    forward . 9.9.9.9\n    loop\n"
        "    reload\n}\nconsul.local:53 {\n    errors\n    forward . 10.150.0.1\n}\n"
        "a.test b.test {\n    forward . 192.0.2.1:5300\n}\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "7 *: address=9.9.9.9\n13 .consul.local: address=10.150.0.1\n"
          "16 .a.test: address=192.0.2.1:5300\n16 .b.test: address=192.0.2.1:5300\n");
}

TEST_CASE("Corefile: a cluster's own", "[import]") {
    const auto done = read(
        ".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n        pods insecure\n    }\n"
        "    prometheus :9153\n    forward . /etc/resolv.conf {\n        max_concurrent 1000\n    }\n    cache 30\n"
        "}\n");
    CHECK(done.sections == "");
    CHECK(lines_of(done.told) == "1 3 7 10");
    CHECK(done.told.find("3: `kubernetes` has no counterpart in a route file: give the zone a section") !=
          std::string::npos);
    CHECK(done.told.find("names below `.` were answered by `kubernetes`") != std::string::npos);
}

TEST_CASE("Corefile: a name within a zone is forwarded, the rest of the zone is an error", "[import]") {
    CHECK(read("a.test {\n forward x.a.test 192.0.2.1\n}\n").sections ==
          "2 .x.a.test: address=192.0.2.1\n1 .a.test: answer=servfail\n");
    CHECK(read("a.test {\n}\n").sections == "1 .a.test: answer=refused\n");
    CHECK(read("a.test {\n errors\n}\n").sections == "1 .a.test: answer=servfail\n");
    const auto answered = read("a.test {\n file db.a.test\n}\n");
    CHECK(answered.sections == "");
    CHECK(lines_of(answered.told) == "1 2");
    const auto outside = read("a.test {\n forward b.test 192.0.2.1\n}\n");
    CHECK(outside.sections == "1 .a.test: answer=servfail\n");
    CHECK(outside.told == "2: no name of this block is below `b.test`; it is left out\n");
}

TEST_CASE("Corefile: names that are excepted go to the next plugin", "[import]") {
    CHECK(read(". {\n forward . 192.0.2.1 {\n  except corp.test\n }\n forward corp.test 10.0.0.1\n}\n").sections ==
          "2 *: address=192.0.2.1\n5 .corp.test: address=10.0.0.1\n");
    CHECK(read(". {\n forward . 192.0.2.1 {\n  except corp.test lan\n }\n}\n").sections ==
          "2 *: address=192.0.2.1\n2 .corp.test: answer=servfail\n2 .lan: answer=servfail\n");
    CHECK(read(". {\n forward . 192.0.2.1 {\n  except corp.test\n }\n forward . 10.0.0.1\n}\n").sections ==
          "2 *: address=192.0.2.1\n5 .corp.test: address=10.0.0.1\n");
    CHECK(read("a.test {\n forward . 192.0.2.1 {\n  except b.test\n }\n}\n").sections ==
          "2 .a.test: address=192.0.2.1\n");
}

TEST_CASE("Corefile: the first forward takes a name", "[import]") {
    const auto done = read(". {\n forward . 192.0.2.1\n forward corp.test 10.0.0.1\n}\n");
    CHECK(done.sections == "2 *: address=192.0.2.1\n");
    CHECK(lines_of(done.told) == "3");
    CHECK(read(". {\n forward corp.test 10.0.0.1\n forward . 192.0.2.1\n}\n").sections ==
          "2 .corp.test: address=10.0.0.1\n3 *: address=192.0.2.1\n");
}

TEST_CASE("Corefile: zones of networks, schemes and ports", "[import]") {
    CHECK(read("10.0.0.0/24 dns://B.test:53 {\n forward . 192.0.2.1\n}\n").sections ==
          "2 .0.0.10.in-addr.arpa: address=192.0.2.1\n2 .b.test: address=192.0.2.1\n");
    CHECK(read("2001:db8::/32 {\n forward . 192.0.2.1\n}\n").sections ==
          "2 .8.b.d.0.1.0.0.2.ip6.arpa: address=192.0.2.1\n");
    const auto one = read("a.test:1053 {\n forward . 192.0.2.1\n}\n");
    CHECK(one.told == "0: the setting `port = 1053` says where dproxy listens\n");
    CHECK(one.sections == "2 .a.test: address=192.0.2.1\n");
    CHECK(read("a.test:\x1b {\n}\n").told.find("`port = \\x1b`") != std::string::npos);
    const auto two = read("a.test {\n forward . 192.0.2.1\n}\nb.test:54 {\n forward . 192.0.2.1\n}\n");
    CHECK(lines_of(two.told) == "4");
}

TEST_CASE("Corefile: allow stands in each section of a block", "[import]") {
    CHECK(read("a.test {\n acl {\n  allow net 10.0.0.0/8\n  block\n }\n forward . 192.0.2.1\n}\n").sections ==
          "6 .a.test: allow=10.0.0.0/8 address=192.0.2.1\n");
}

TEST_CASE("Corefile: views are sections for some queries", "[import]") {
    const std::string office =
        ". {\n view office {\n  expr incidr(client_ip(), '10.0.0.0/8')\n }\n forward . 10.0.0.1\n}\n";
    const std::string all = ". {\n forward . 192.0.2.1\n}\n";
    const auto done = read(office + all);
    CHECK(done.told == "");
    CHECK(done.sections == "5 *: clients=10.0.0.0/8 address=10.0.0.1\n8 *: address=192.0.2.1\n");
    CHECK(read("a.test {\n view v {\n  expr type() in ['A', 'AAAA']\n }\n forward . 192.0.2.1\n}\n").sections ==
          "5 .a.test: types=A,AAAA address=192.0.2.1\n");
    // The first block that is for a query takes it.
    const auto shadowed = read(all + office);
    CHECK(shadowed.sections == "2 *: address=192.0.2.1\n");
    CHECK(lines_of(shadowed.told) == "4");
    const auto unknown = read("a.test {\n view v {\n  expr name() == 'x'\n }\n forward . 192.0.2.1\n}\n" + all);
    CHECK(unknown.sections == "8 *: address=192.0.2.1\n");
    CHECK(lines_of(unknown.told) == "2");
}

TEST_CASE("Corefile: a block of too many zones and forwards is left out", "[import]") {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "z" + std::to_string(i) + " ";
    text += "{\n";
    for (int i = 0; i < 400; ++i) text += " forward a" + std::to_string(i) + ".z1 192.0.2.1\n";
    const auto done = read(text + "}\n");
    CHECK(done.sections == "");
    CHECK(done.told == "1: the block has too many zones and `forward`s; it is left out\n");
}
