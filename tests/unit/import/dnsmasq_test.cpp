// SPDX-License-Identifier: MIT
#include "import/dnsmasq.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy;
using test::lines_of;

test::Drafted read(const std::string& text) { return test::drafted(foreign::read_dnsmasq, "no-resolv\n" + text); }

}  // namespace

TEST_CASE("dnsmasq: servers of domains, and of all names", "[import]") {
    const auto done = read(
        "server=/corp.example/10.0.0.1\n"
        "server=/lab.example/10.0.0.2#5300\n"
        "server=/a.test/.b.test/2001:db8::1#5353\n"
        "  server = 9.9.9.9   # a comment\n"
        "server=\"149.112.112.112\"\n"
        "server=/corp.example/10.0.0.9\n"
        "server=/dot.test./ns.example#54\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "2 .corp.example: address=10.0.0.1,10.0.0.9\n"
          "3 .lab.example: address=10.0.0.2:5300\n"
          "4 .a.test: address=[2001:db8::1]:5353\n"
          "4 .b.test: address=[2001:db8::1]:5353\n"
          "5 *: address=9.9.9.9,149.112.112.112\n"
          "8 .dot.test: address=ns.example:54\n");
}

TEST_CASE("dnsmasq: names that do not exist", "[import]") {
    const auto done = read("address=/ads.example/\nlocal=/lan/home.arpa/\nserver=/tracker.example/\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "2 .ads.example: answer=nxdomain\n3 .lan: answer=nxdomain\n3 .home.arpa: answer=nxdomain\n"
          "4 .tracker.example: answer=nxdomain\n");
    // An option that says no goes before servers of the same domain.
    CHECK(read("server=/a.test/192.0.2.1\naddress=/A.test/\n").sections == "2 .a.test: answer=nxdomain\n");
}

TEST_CASE("dnsmasq: addresses answer for their own types, and other types are looked for elsewhere", "[import]") {
    CHECK(read("address=/a.test/192.0.2.1\n").sections == "2 .a.test: answer=192.0.2.1 ttl=0s types=A\n");
    CHECK(read("address=/a.test/2001:db8::1\nlocal-ttl=60\n").sections ==
          "2 .a.test: answer=2001:db8::1 ttl=60s types=AAAA\n");
    CHECK(read("address=/a.test/192.0.2.1\naddress=/a.test/2001:db8::1\naddress=/a.test/192.0.2.2\n").sections ==
          "2 .a.test: answer=192.0.2.1,192.0.2.2,2001:db8::1 ttl=0s types=A,AAAA\n");
    CHECK(read("address=/a.test/#\n").sections == "2 .a.test: answer=0.0.0.0,:: ttl=0s types=A,AAAA\n");
    CHECK(read("address=/#/192.0.2.1\n").sections == "2 *: answer=192.0.2.1 ttl=0s types=A\n");
    CHECK(read("address=/a.test/192.0.2.1\nserver=/a.test/192.0.2.9\n").sections ==
          "2 .a.test: answer=192.0.2.1 ttl=0s types=A\n2 .a.test: address=192.0.2.9\n");
    // With `local` beside it nothing is looked for elsewhere.
    CHECK(read("address=/a.test/192.0.2.1\nlocal=/a.test/\n").sections == "2 .a.test: answer=192.0.2.1 ttl=0s\n");
}

TEST_CASE("dnsmasq: the standard servers by name", "[import]") {
    const auto done = read("server=/corp.example/10.0.0.1\nserver=/www.corp.example/#\nserver=192.0.2.1\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "2 .corp.example: address=10.0.0.1\n3 .www.corp.example: address=192.0.2.1\n4 *: address=192.0.2.1\n");
    const auto none = read("server=/www.corp.example/#\n");
    CHECK(none.sections == "");
    CHECK(none.told == "2: `#` means the nameservers of /etc/resolv.conf, which no section names\n");
}

TEST_CASE("dnsmasq: wildcards", "[import]") {
    CHECK(read("server=/*.a.test/192.0.2.1\n").sections == "2 *.a.test: address=192.0.2.1\n");
    // What is below goes to the one, and of the other the name itself is left.
    CHECK(read("server=/*.a.test/192.0.2.1\nserver=/a.test/192.0.2.2\n").sections ==
          "2 *.a.test: address=192.0.2.1\n3 a.test: address=192.0.2.2\n");
    const auto parts = read("server=/*a.test/192.0.2.1\nserver=//192.0.2.2\n");
    CHECK(parts.sections == "");
    CHECK(lines_of(parts.told) == "2 3");
}

TEST_CASE("dnsmasq: the names of networks", "[import]") {
    CHECK(read("rev-server=192.168.1.0/24,192.168.1.1#54\n").sections ==
          "2 .1.168.192.in-addr.arpa: address=192.168.1.1:54\n");
    CHECK(read("rev-server=10.0.0.1,10.0.0.2\n").sections == "2 .1.0.0.10.in-addr.arpa: address=10.0.0.2\n");
    CHECK(read("rev-server=10.2.0.0/15,10.0.0.2\n").sections ==
          "2 .2.10.in-addr.arpa: address=10.0.0.2\n2 .3.10.in-addr.arpa: address=10.0.0.2\n");
    CHECK(lines_of(read("rev-server=nonsense,10.0.0.2\n").told) == "2");
}

TEST_CASE("dnsmasq: the order of servers", "[import]") {
    CHECK(read("strict-order\nserver=192.0.2.1\nserver=192.0.2.2\nserver=/a.test/192.0.2.3\n").sections ==
          "3 *: address=192.0.2.1,192.0.2.2 policy=first\n5 .a.test: address=192.0.2.3\n");
}

TEST_CASE("dnsmasq: what has no counterpart is told with its line", "[import]") {
    const auto done = read(
        "# a comment\n\ndomain-needed\ncache-size=1000\ndhcp-range=192.0.2.50,192.0.2.150,12h\n"
        "conf-dir=/etc/dnsmasq.d\nserver=192.0.2.1@eth1\nserver=/a.test/nonsense:1\nserver=\n"
        "address=192.0.2.1\naddress=/a.test/x\nserver=1.2.3.4#x\n");
    CHECK(done.sections == "8 *: address=192.0.2.1 cache=on\n");
    CHECK(lines_of(done.told) == "4 5 6 7 8 9 10 11 12 13");
    CHECK(done.told.find("4: `domain-needed` has no counterpart in a route file\n") != std::string::npos);
    CHECK(done.told.find("6: `dhcp-range` has no counterpart in a route file: dproxy is no DHCP server\n") !=
          std::string::npos);
    CHECK(done.told.find("7: `conf-dir` has no counterpart in a route file: it is not followed") != std::string::npos);
    CHECK(done.told.find("8: the source `eth1` of queries is left out") != std::string::npos);
}

TEST_CASE("dnsmasq: without no-resolv other nameservers are asked", "[import]") {
    const auto with = test::drafted(foreign::read_dnsmasq, "server=192.0.2.1\n");
    CHECK(with.told == "0: without `no-resolv` the nameservers of /etc/resolv.conf are asked as well as the servers "
                       "named here\n");
    CHECK(test::drafted(foreign::read_dnsmasq, "").told.find("masterupstream = system") != std::string::npos);
}

TEST_CASE("dnsmasq: quotes, escapes and comments", "[import]") {
    CHECK(read("server=/a.test/192.0.2.1#54 # not this\n").sections == "2 .a.test: address=192.0.2.1:54\n");
    CHECK(read("server=\"/a.test/192.0.2.1#54\"\r\n").sections == "2 .a.test: address=192.0.2.1:54\n");
    CHECK(read("\"server=/a.test/192.0.2.1").sections == "2 .a.test: address=192.0.2.1\n");
}

TEST_CASE("dnsmasq: answers that are kept", "[import]") {
    CHECK(read("server=192.0.2.1\n").sections == "2 *: address=192.0.2.1\n");
    const auto off = read("cache-size=0\nmin-cache-ttl=10\nserver=192.0.2.1\n");
    CHECK(off.sections == "4 *: address=192.0.2.1\n");
    CHECK(off.told == "");
    CHECK(read("min-cache-ttl=10\nmax-cache-ttl=600\nno-negcache\nserver=192.0.2.1\n").sections ==
          "5 *: address=192.0.2.1 cache=on cache_ttl=10s-600s cache_negative=0s\n");
    CHECK(read("use-stale-cache\nserver=192.0.2.1\n").sections ==
          "3 *: address=192.0.2.1 cache=on cache_stale=86400s cache_stale_after=0s\n");
    CHECK(lines_of(read("use-stale-cache=0\nneg-ttl=5\nmax-cache-ttl=x\n").told) == "0 2 3 4");
}
