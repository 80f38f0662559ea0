// SPDX-License-Identifier: MIT
#include "admin/host_name.hpp"

#include <vector>

#include "catch.hpp"

using namespace dproxy::admin;

namespace {

HostVerdict judged(std::string_view host) {
    static const std::vector<std::string> names{"dns.example.com", "x.test"};
    return judge_host(host, names);
}

}  // namespace

TEST_CASE("addresses and names that nobody outside can have are own ones") {
    for (const char* host :
         {"127.0.0.1", "127.0.0.1:8080", "10.1.2.3:65535", "127.0.0.1:", "[::1]", "[::1]:8080", "[::1]:",
          "[fe80::1%25eth0]", "[::ffff:127.0.0.1]:1",
          "localhost", "LocalHost:8080", "localhost.", "localhost.:8080", "dproxy", "dproxy:80",
          "dproxy_1", "dproxy.dns.svc", "DPROXY.dns.SVC:8080", "dproxy.dns.svc.", "dproxy.dns.svc.cluster.local",
          "dproxy.dns.svc.cluster.local.:8080", "10-1-2-3.dns.pod.cluster.local", "x.cluster.local", "dns.example.com",
          "DNS.Example.com:8080", "dns.example.com.", "x.test:0"}) {
        INFO(host);
        CHECK(judged(host) == HostVerdict::own);
    }
}

TEST_CASE("a name that anybody can have is foreign") {
    for (const char* host :
         {"rebind.example.net", "example.com", "www.dns.example.com", "dns.example.com.evil.test", "evil.test:8080",
          "localhost.evil.test", "127.0.0.1.evil.test", "127.0.0.1.nip.io", "svc.evil.test", "x.svc.evil.test",
          "cluster.local.evil.test", "evilcluster.local", "xsvc.test", "dproxy.dns", "127.1", "0x7f.0.0.1", "1.2.3.4.5",
          "256.1.1.1", "a.local", "foo.svc-evil.test", "xn--bcher-kva.example"}) {
        INFO(host);
        CHECK(judged(host) == HostVerdict::foreign);
    }
}

TEST_CASE("what is no host at all is malformed") {
    const std::string too_long(300, 'a');
    for (const std::string_view host :
         {std::string_view(""), std::string_view(":8080"), std::string_view("."), std::string_view(".svc"),
          std::string_view("a..svc"), std::string_view("dproxy.."), std::string_view("[::1"), std::string_view("[]"),
          std::string_view("[127.0.0.1]"), std::string_view("[::1]x"), std::string_view("[::1]:x"),
          std::string_view("[::1]:99999"), std::string_view("[evil.test]"), std::string_view("::1"),
          std::string_view("localhost:http"), std::string_view("localhost:99999"), std::string_view("localhost:-1"),
          std::string_view("localhost:80:80"), std::string_view("localhost:000080"), std::string_view("user@localhost"),
          std::string_view("evil.test@localhost"), std::string_view("a b"), std::string_view("localhost, evil.test"),
          std::string_view("localhost\0evil", 14), std::string_view("b\xc3\xbc"), std::string_view("local%68ost"),
          std::string_view("localhost/"), std::string_view(too_long)}) {
        INFO(host);
        CHECK(judged(host) == HostVerdict::malformed);
    }
}
