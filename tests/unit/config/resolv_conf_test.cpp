// SPDX-License-Identifier: MIT
#include "config/resolv_conf.hpp"

#include <algorithm>

#include "catch.hpp"
#include "config/setting_keys.hpp"
#include "config/system_upstreams.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::config;
using dproxy::net::Address;
using dproxy::net::Endpoint;
using dproxy::test::TemporaryDirectory;
using dproxy::test::write_file;

Address address(std::string_view text) { return *Address::parse(text); }
Endpoint endpoint(std::string_view text) { return *Endpoint::parse(text, 0); }

std::string upstreams_text(std::string_view conf, const std::vector<Endpoint>& listen,
                           const std::vector<Address>& local) {
    std::string text;
    for (const auto& upstream : system_upstreams(parse_resolv_conf(conf), {listen, local})) {
        text += upstream.to_string() + " ";
    }
    return text;
}

}  // namespace

TEST_CASE("resolv.conf of a pod", "[resolv_conf]") {
    const auto conf = parse_resolv_conf(
        "search default.svc.cluster.local svc.cluster.local cluster.local\n"
        "nameserver 10.96.0.10\n"
        "options ndots:5\n");
    CHECK(conf.nameservers == std::vector{address("10.96.0.10")});
    CHECK(conf.search == std::vector<std::string>{"default.svc.cluster.local", "svc.cluster.local", "cluster.local"});
    CHECK(conf.ndots == 5);
    CHECK(conf.timeout == std::chrono::seconds{5});
    CHECK(conf.attempts == 2);
}

TEST_CASE("resolv.conf: order, comments, blanks, scope ids, what cannot be read", "[resolv_conf]") {
    const auto conf = parse_resolv_conf(
        "# nameserver 1.1.1.1\n;nameserver 1.1.1.2\n\n"
        "\tnameserver\t fe80::1%eth0 \r\n"
        "nameserver\nnameserver dns.example\nnameservers 9.9.9.9\n"
        "domain old.example\nsearch\tnew.example\n"
        "options timeout:3 attempts:4 rotate edns0\n"
        "options ndots:2\n"
        "nameserver 127.0.0.53 # the last without an end");
    CHECK(conf.nameservers == std::vector{address("fe80::1"), address("127.0.0.53")});
    CHECK(conf.search == std::vector<std::string>{"new.example"});
    CHECK(conf.ndots == 2);
    CHECK(conf.timeout == std::chrono::seconds{3});
    CHECK(conf.attempts == 4);
}

TEST_CASE("resolv.conf: limits", "[resolv_conf]") {
    CHECK(parse_resolv_conf("").nameservers.empty());
    const auto conf = parse_resolv_conf(
        "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4\n"
        "options ndots:99 timeout:99999999999999999999 attempts:77\n");
    CHECK(conf.nameservers.size() == max_resolver_nameservers);
    CHECK(conf.ndots == max_resolver_ndots);
    CHECK(conf.timeout == max_resolver_timeout);
    CHECK(conf.attempts == max_resolver_attempts);

    const auto least =
        parse_resolv_conf("options ndots:0 timeout:0 attempts:0\noptions ndots:x timeout: attempts:-1 ndots\n");
    CHECK(least.ndots == 0);
    CHECK(least.timeout == std::chrono::seconds{1});
    CHECK(least.attempts == 1);
}

TEST_CASE("the system's nameservers, less those that dproxy itself listens on", "[resolv_conf]") {
    const std::string_view conf = "nameserver 127.0.0.1\nnameserver 192.0.2.7\nnameserver ::1\n";
    const std::vector<Address> local{address("127.0.0.1"), address("::1"), address("192.0.2.7"),
                                     address("2001:db8::7")};

    SECTION("another port is another server") {
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:1053"), endpoint("[::]:1053")}, local) ==
              "127.0.0.1:53 192.0.2.7:53 [::1]:53 ");
    }
    SECTION("the same address and port") {
        CHECK(upstreams_text(conf, {endpoint("127.0.0.1:53")}, local) == "192.0.2.7:53 [::1]:53 ");
        CHECK(upstreams_text(conf, {endpoint("192.0.2.7:53"), endpoint("[::1]:53")}, local) == "127.0.0.1:53 ");
    }
    SECTION("a wildcard is every local address of its family") {
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:53")}, local) == "[::1]:53 ");
        CHECK(upstreams_text(conf, {endpoint("[::]:53")}, local) == "127.0.0.1:53 192.0.2.7:53 ");
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:53"), endpoint("[::]:53")}, local) == "");
        CHECK(upstreams_text(conf, {endpoint("0.0.0.0:53")}, {}) == "192.0.2.7:53 [::1]:53 ");
    }
    SECTION("all of 127.0.0.0/8 is local") {
        CHECK(upstreams_text("nameserver 127.0.0.53\n", {endpoint("0.0.0.0:53")}, local) == "");
        CHECK(upstreams_text("nameserver 127.0.0.53\n", {endpoint("127.0.0.1:53")}, local) == "127.0.0.53:53 ");
    }
    SECTION("the unspecified address is this host") {
        CHECK(upstreams_text("nameserver 0.0.0.0\nnameserver ::\n", {endpoint("127.0.0.1:53")}, local) == "[::1]:53 ");
    }
    SECTION("each once") {
        CHECK(upstreams_text("nameserver 192.0.2.9\nnameserver 192.0.2.9\n", {}, local) == "192.0.2.9:53 ");
    }
}

TEST_CASE("masterupstream = system is looked up, or a start-up error", "[resolv_conf]") {
    const TemporaryDirectory directory;
    const auto path = (directory / "resolv.conf").string();
    auto settings = default_settings();
    settings.use_master_upstream = true;
    settings.master_is_system = true;
    settings.listen = {endpoint("127.0.0.1:53")};

    write_file(path, "nameserver 127.0.0.1\nnameserver 192.0.2.1\n");
    CHECK_FALSE(find_system_upstreams(settings, path));
    REQUIRE(settings.master_upstream.size() == 1);
    CHECK(settings.master_upstream[0].endpoint == endpoint("192.0.2.1:53"));

    write_file(path, "nameserver 127.0.0.1\n");
    const auto only_itself = find_system_upstreams(settings, path);
    REQUIRE(only_itself);
    CHECK(only_itself->file == path);
    CHECK(only_itself->message.find("not dproxy itself") != std::string::npos);

    CHECK(find_system_upstreams(settings, (directory / "none").string()));

    settings.master_is_system = false;
    settings.master_upstream = {{"", endpoint("192.0.2.2:53")}};
    CHECK_FALSE(find_system_upstreams(settings, path));
    CHECK(settings.master_upstream.size() == 1);
}

TEST_CASE("this machine has its loopback address", "[resolv_conf]") {
    const auto addresses = local_addresses();
    CHECK(std::find(addresses.begin(), addresses.end(), address("127.0.0.1")) != addresses.end());
}
