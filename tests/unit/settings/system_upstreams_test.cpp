// SPDX-License-Identifier: MIT
#include "settings/system_upstreams.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "catch.hpp"
#include "settings/setting_keys.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::config;
using dproxy::net::Address;
using dproxy::net::Endpoint;
using dproxy::test::TemporaryDirectory;
using dproxy::test::write_file;

Address address(std::string_view text) { return *Address::parse(text); }
Endpoint endpoint(std::string_view text) { return *Endpoint::parse(text, 0); }

/// A variable of this process, for as long as it lives.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
        value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
    }
    ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
    std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("a file that cannot be read is like one that is not there", "[system_upstreams]") {
    const TemporaryDirectory directory;
    CHECK(read_resolv_conf(directory.text()).empty());
    CHECK(read_resolv_conf((directory / "none").string()).empty());
    CHECK(read_resolv_conf("/proc/self/mem").empty());  // opens, and every read of it fails
    const auto path = (directory / "resolv.conf").string();
    write_file(path, "");
    CHECK(read_resolv_conf(path).empty());
}

TEST_CASE("of a file that is too long no half line is read", "[system_upstreams]") {
    const TemporaryDirectory directory;
    const auto path = (directory / "resolv.conf").string();
    std::string text = "nameserver 192.0.2.1\n";
    text += std::string(max_resolv_conf_bytes - text.size() - 15, '#') + "\nnameserver 192.0.2.254\n";
    write_file(path, text);
    const auto read = read_resolv_conf(path);
    CHECK(read.size() < max_resolv_conf_bytes);
    CHECK(parse_resolv_conf(read).nameservers == std::vector{address("192.0.2.1")});

    write_file(path, std::string(2 * max_resolv_conf_bytes, 'x'));
    CHECK(read_resolv_conf(path).empty());
    write_file(path, "nameserver 192.0.2.1\n" + std::string(max_resolv_conf_bytes - 22, '#') + "\n");
    CHECK(read_resolv_conf(path).size() == max_resolv_conf_bytes);
}

TEST_CASE("masterupstream = system is looked up, or a start-up error", "[system_upstreams]") {
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

    const auto nothing = find_system_upstreams(settings, (directory / "none").string());
    REQUIRE(nothing);
    CHECK(nothing->message.find("127.0.0.1") != std::string::npos);

    settings.listen = {endpoint("127.0.0.1:5300")};
    CHECK_FALSE(find_system_upstreams(settings, (directory / "none").string()));
    REQUIRE(settings.master_upstream.size() == 1);
    CHECK(settings.master_upstream[0].endpoint == endpoint("127.0.0.1:53"));

    settings.master_is_system = false;
    settings.master_upstream = {{"", endpoint("192.0.2.2:53")}};
    CHECK_FALSE(find_system_upstreams(settings, path));
    CHECK(settings.master_upstream.size() == 1);
}

TEST_CASE("the environment of the C library is that of the process", "[system_upstreams]") {
    {
        const Variable domain("LOCALDOMAIN", "a.test b.test"), options("RES_OPTIONS", "ndots:3");
        CHECK(resolver_environment().local_domain == "a.test b.test");
        CHECK(resolver_environment().options == "ndots:3");
    }
    const Variable domain("LOCALDOMAIN", nullptr), options("RES_OPTIONS", nullptr);
    const ResolverEnvironment environment = resolver_environment();
    CHECK_FALSE(environment.local_domain);
    CHECK(environment.options.empty());
    std::string name(256, '\0');
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    CHECK(environment.host_name == name.c_str());
}

TEST_CASE("LOCALDOMAIN that is set and empty is no search list", "[system_upstreams]") {
    const Variable domain("LOCALDOMAIN", "");
    CHECK(resolver_environment().local_domain == "");
}

TEST_CASE("what is not asked for is not looked up", "[system_upstreams]") {
    auto settings = default_settings();
    settings.master_is_system = true;
    CHECK_FALSE(find_system_upstreams(settings, "/nowhere/at/all"));
    CHECK(settings.master_upstream.empty());
}
