// SPDX-License-Identifier: MIT
#include "import/unbound.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy;
using test::lines_of;

test::Drafted read(std::string_view text) { return test::drafted(foreign::read_unbound, text); }

}  // namespace

TEST_CASE("unbound: forwarded zones", "[import]") {
    const auto done = read(
        "forward-zone:\n\tname: \"corp.example.\"\n\tforward-addr: 10.0.0.1\n\tforward-addr: 10.0.0.2@5300\n"
        "forward-zone:\n\tname: \".\"\n\tforward-addr: 2001:db8::1\n\tforward-host: ns.example@54\n"
        "\tforward-first: no\n\tforward-no-cache: yes\n");
    CHECK(done.told == "");
    CHECK(done.sections ==
          "1 .corp.example: address=10.0.0.1,10.0.0.2:5300\n5 *: address=2001:db8::1,ns.example:54\n");
}

TEST_CASE("unbound: forwarding over TLS and TCP", "[import]") {
    CHECK(read("forward-zone:\n name: .\n forward-tls-upstream: yes\n forward-addr: 9.9.9.9@853#dns.example\n"
               " forward-addr: 149.112.112.112@853#dns.example\n").sections ==
          "1 *: address=9.9.9.9:853,149.112.112.112:853 protocol=tls tls_name=dns.example\n");
    // Without a name unbound verifies nothing.
    CHECK(read("server:\n tls-upstream: yes\nforward-zone:\n name: .\n forward-addr: 9.9.9.9@853\n").sections ==
          "3 *: address=9.9.9.9:853 protocol=tls tls_verify=off\n");
    CHECK(read("forward-zone:\n name: a\n forward-tcp-upstream: yes\n forward-addr: 9.9.9.9\n").sections ==
          "1 .a: address=9.9.9.9 protocol=tcp\n");
    const auto two = read("forward-zone:\n name: .\n forward-ssl-upstream: yes\n forward-addr: 9.9.9.9@853#a.example\n"
                          " forward-addr: 1.1.1.1@853#b.example\n");
    CHECK(two.sections == "1 *: address=9.9.9.9:853 protocol=tls tls_name=a.example\n");
    CHECK(two.told == "5: a section has one `tls_name`, here `a.example`; the server `1.1.1.1:853` is left out\n");
}

TEST_CASE("unbound: stub zones", "[import]") {
    const auto done = read("stub-zone:\n name: \"10.in-addr.arpa\"\n stub-addr: 10.0.0.1\n stub-prime: no\n"
                           "stub-zone:\n name: b\n stub-host: ns.b\n stub-prime: yes\n stub-first: yes\n");
    CHECK(done.sections == "1 .10.in-addr.arpa: address=10.0.0.1\n5 .b: address=ns.b\n");
    CHECK(lines_of(done.told) == "8 9");
}

TEST_CASE("unbound: what cannot be forwarded is told", "[import]") {
    const auto done = read("forward-zone:\n name: a\n forward-first: yes\n forward-addr: 192.0.2.1\n"
                           "forward-zone:\n name: b\nforward-zone:\n forward-addr: 192.0.2.1\n"
                           "forward-zone:\n name: c\n forward-addr: nonsense:1\n");
    CHECK(done.sections == "1 .a: address=192.0.2.1\n");
    CHECK(lines_of(done.told) == "3 5 7 9 11");
}

TEST_CASE("unbound: local answers come from server clauses", "[import]") {
    CHECK(read("server:\n local-zone: \"ads.test\" always_nxdomain\n local-data: \"a.lan. A 192.0.2.1\"\n").sections ==
          "2 .ads.test: answer=nxdomain\n3 a.lan: answer=192.0.2.1 ttl=3600s\n");
}

TEST_CASE("unbound: who may ask", "[import]") {
    const std::string zone = "forward-zone:\n name: a\n forward-addr: 192.0.2.1\n";
    CHECK(read("server:\n access-control: 0.0.0.0/0 refuse\n access-control: 10.0.0.0/8 allow\n" + zone).sections ==
          "4 .a: allow=10.0.0.0/8,127.0.0.0/8,::1 address=192.0.2.1\n");
    const auto all = read("server:\n access-control: 0.0.0.0/0 allow\n access-control: ::0/0 allow\n" + zone);
    CHECK(all.sections == "4 .a: address=192.0.2.1\n");
    CHECK(all.told == "");
    const auto some = read("server:\n access-control: 10.0.0.0/8 allow\n access-control: 10.9.0.0/16 deny\n" + zone);
    CHECK(some.sections == "4 .a: allow=10.0.0.0/8,127.0.0.0/8,::1 address=192.0.2.1\n");
    CHECK(lines_of(some.told) == "3");
}

TEST_CASE("unbound: views are sections for some clients", "[import]") {
    const std::string view = "view:\n name: \"office\"\n view-first: yes\n local-zone: \"corp.test\" refuse\n";
    const auto done = read("server:\n access-control-view: 10.0.0.0/8 office\n access-control-view: fd00::/8 office\n" +
                           view);
    CHECK(done.told == "");
    CHECK(done.sections == "7 .corp.test: clients=10.0.0.0/8,fd00::/8 answer=refused\n");
    CHECK(lines_of(read(view).told) == "1");
    CHECK(lines_of(read("server:\n access-control-view: 10.0.0.0/8 none\n").told) == "2");
    const auto hides = read("server:\n access-control-view: 10.0.0.0/8 v\n local-zone: b refuse\n"
                            "view:\n name: v\n local-zone: a refuse\n");
    CHECK(hides.sections == "3 .b: answer=refused\n6 .a: clients=10.0.0.0/8 answer=refused\n");
    CHECK(lines_of(hides.told) == "4");
}

TEST_CASE("unbound: what has no counterpart is told once", "[import]") {
    const auto done = read(
        "include: \"/etc/unbound/unbound.conf.d/*.conf\"\nserver:\n\tinterface: 0.0.0.0\n\tmsg-cache-size: 4m\n"
        "remote-control:\n\tcontrol-enable: yes\n\tcontrol-port: 8953\nauth-zone:\n\tname: a\nnonsense\npython:\n"
        "stub-zone:\n port: 3\n name: a\n stub-addr: 192.0.2.1\nview:\n name: x\n port: 4\n");
    CHECK(done.sections == "12 .a: address=192.0.2.1\n");
    CHECK(lines_of(done.told) == "1 3 4 5 8 11 13 16 18");
    CHECK(done.told.find("1: `include` has no counterpart in a route file: it is not followed") != std::string::npos);
    CHECK(lines_of(read("port: 53\n").told) == "1");
    CHECK(read("server:\n :").told ==
          "2: `:` stands where no value or no clause is; expected `server:` and `key: value`\n");
    CHECK(lines_of(read("server:\nlocal-zone: x\n").told) == "2");
}

TEST_CASE("unbound: answers that are kept", "[import]") {
    const std::string zone = "forward-zone:\n name: a\n forward-addr: 192.0.2.1\n";
    CHECK(read("server:\n prefetch: no\n serve-expired: no\n" + zone).sections == "4 .a: address=192.0.2.1\n");
    const auto times = read("server:\n cache-max-ttl: 3600\n cache-min-ttl: 60\n cache-max-negative-ttl: 30\n" + zone +
                            "forward-zone:\n name: b\n forward-addr: 192.0.2.1\n forward-no-cache: yes\n");
    CHECK(times.sections ==
          "5 .a: address=192.0.2.1 cache=on cache_ttl=60s-3600s cache_negative=30s\n8 .b: address=192.0.2.1\n");
    CHECK(times.told == "");
    CHECK(read("server:\n serve-expired: yes\n serve-expired-client-timeout: 0\n prefetch: yes\n" + zone).sections ==
          "5 .a: address=192.0.2.1 cache=on cache_negative=3600s cache_stale=86400s cache_stale_after=0ms "
          "cache_prefetch=1\n");
    CHECK(lines_of(read("server:\n serve-expired-client-timeout: 20000\n cache-max-ttl: 9999999\n").told) == "0 2 3");
}
