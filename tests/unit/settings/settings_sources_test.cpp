// SPDX-License-Identifier: MIT
#include "settings/settings_sources.hpp"

#include "catch.hpp"

namespace {

using namespace dproxy::config;
using dproxy::net::Endpoint;
using dproxy::telemetry::LogLevel;

SettingsReading read_file(std::string text) {
    return read_settings({MainFile{"main.conf", std::move(text)}, {}, {}}, {});
}
SettingsReading read_environment(std::vector<std::string> environment) {
    return read_settings({std::nullopt, std::move(environment), {}}, {});
}
SettingsReading read_flags(std::vector<Assignment> flags) {
    return read_settings({std::nullopt, {}, std::move(flags)}, {});
}

/// All diagnostics, one a line.
std::string said(const SettingsReading& reading) {
    std::string text;
    for (const auto& fault : reading.diagnostics) {
        text += fault.severity == Severity::warning ? "warning " : "error ";
        text += fault.to_string() + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("without sources there are the defaults", "[settings]") {
    const auto reading = read_settings({}, {});
    CHECK(said(reading) == "");
    CHECK(reading.settings.port == 53);
    CHECK(reading.settings.master_allow == default_settings().master_allow);
    CHECK(reading.settings.upstream_locations == std::vector<std::string>{"upstream/"});
}

TEST_CASE("the Go program's main file works unchanged", "[settings]") {
    const auto reading = read_file(
        "[dproxy]\n"
        "\tloglevel\t\t= \"debug\"\n"
        "\tport\t\t\t= 8053\t\t# port for the server\n"
        "\tusemasterupstream\t= true\n"
        "\tmasterupstream\t\t= \"8.8.8.8:53\"\n"
        "\tupstreamlocation\t= \"upstream/\"\n"
        "\tupstreamextension\t= \".prox\"\n"
        "\tbootstrapdelay = 1\n"
        "\n"
        "[redis]\t\t\t\t# no more\n"
        "\thost\t\t\t= \"localhost:6379\"\n"
        "\tpassword\t\t= \"\"\n");
    CHECK(said(reading) ==
          "warning main.conf:8: `bootstrapdelay` is ignored: there is nothing to wait for\n"
          "warning main.conf:10: [redis] is ignored: routes are read from files alone\n");
    CHECK(reading.settings.log_level == LogLevel::debug);
    CHECK(reading.settings.port == 8053);
    CHECK(reading.settings.use_master_upstream);
    REQUIRE(reading.settings.master_upstream.size() == 1);
    CHECK(reading.settings.master_upstream[0].endpoint == *Endpoint::parse("8.8.8.8:53", 0));
}

TEST_CASE("the later source wins", "[settings]") {
    SettingsSources sources;
    sources.main_file = MainFile{"f", "[dproxy]\nport = 1001\nworkers = 1\nloglevel = error\n"};
    sources.environment = {"DPROXY_PORT=1002", "DPROXY_WORKERS=2", "HOME=/", "DPROXY_CONFIG=other"};
    sources.flags = {{"port", "1003"}, {"drain", "1s"}, {"port", "1004"}};
    const auto reading = read_settings(sources, {});
    CHECK(said(reading) == "");
    CHECK(reading.settings.port == 1004);
    CHECK(reading.settings.workers == 2);
    CHECK(reading.settings.log_level == LogLevel::error);
    CHECK(reading.settings.drain == std::chrono::seconds{1});
}

TEST_CASE("port is the default of listen, wherever it stands", "[settings]") {
    SettingsSources sources;
    sources.main_file = MainFile{"f", "[dproxy]\nlisten = 127.0.0.1, [::1]:99\n"};
    sources.flags = {{"port", "1053"}};
    const auto settings = read_settings(sources, {}).settings;
    CHECK(settings.listen == std::vector{*Endpoint::parse("127.0.0.1:1053", 0), *Endpoint::parse("[::1]:99", 0)});
    CHECK(listen_endpoints(settings) == settings.listen);
}

TEST_CASE("without listen it is every address of both families", "[settings]") {
    const auto endpoints = listen_endpoints(read_flags({{"port", "1053"}}).settings);
    REQUIRE(endpoints.size() == 2);
    CHECK(endpoints[0].to_string() == "[::]:1053");
    CHECK(endpoints[1].to_string() == "0.0.0.0:1053");
}

TEST_CASE("every fault of every source is reported, also of values that are overridden", "[settings]") {
    SettingsSources sources;
    sources.main_file = MainFile{"f", "[dproxy]\nport = 70000\nprt = 5\nworkers = no\n"};
    sources.environment = {"DPROXY_PORT=x", "DPROXY_LOG_LEVEL=info"};
    sources.flags = {{"port", "53"}, {"drian", "1s"}};
    CHECK(said(read_settings(sources, {})) ==
          "error f:2: `port`: `70000` is out of range; expected 1 to 65535\n"
          "error f:3: unknown key `prt`; did you mean `port`?\n"
          "error f:4: `workers`: `no` is not a number; expected 1 to 1024, or `auto`\n"
          "error DPROXY_LOG_LEVEL: unknown key `log_level`; did you mean `loglevel`?\n"
          "error --drian: unknown key `drian`; did you mean `drain`?\n"
          "error DPROXY_PORT: `x` is not a number; expected 1 to 65535\n");
}

TEST_CASE("the form of the main file", "[settings]") {
    CHECK(said(read_file("")) == "");
    CHECK(read_file("[DProxy]\nPORT = 1\n").settings.port == 1);
    CHECK(said(read_file("[dproxy]\nport = 1\n[dproxy]\nport = 2\n")) ==
          "error main.conf:4: `port` stands twice, first in line 2\n");
    CHECK(said(read_file("port = 1\n[dproxy]\n")).starts_with("error main.conf:1: `port` stands before any section"));
    CHECK(said(read_file("[cryo]\nport = 1\nnonsense = 2\n[dproxy]\nport = 3\n")) ==
          "error main.conf:1: unknown section `cryo`; expected [dproxy]\n");
    const auto broken = read_file("[dproxy\nport = 1\n");
    REQUIRE(broken.diagnostics.size() == 1);
    CHECK(broken.diagnostics[0].line == 1);
    const auto no_value = read_file("[dproxy]\nstrict\n");
    REQUIRE(no_value.diagnostics.size() == 1);
    CHECK(no_value.diagnostics[0].line == 2);
}

TEST_CASE("the master upstream is checked as a whole", "[settings]") {
    CHECK(
        said(read_file("[dproxy]\nusemasterupstream = true\n")) ==
        "error main.conf:2: `usemasterupstream` is true without a `masterupstream`; expected addresses, or `system`\n");
    CHECK(
        said(read_file("[dproxy]\nusemasterupstream = true\nmasterupstream = \"\"\n")) ==
        "error main.conf:3: `usemasterupstream` is true without a `masterupstream`; expected addresses, or `system`\n");
    CHECK(said(read_file("[dproxy]\nusemasterupstream = false\nmasterupstream = \"\"\n")) == "");
    CHECK(said(read_file("[dproxy]\nusemasterupstream = false\nmasterupstream = 8.8.8.8\n")) == "");
    CHECK(said(read_file("[dproxy]\nmasterupstream = 8.8.8.8\n")) ==
          "warning main.conf:2: `masterupstream` is not used: `usemasterupstream` is false unless it is set\n");
    CHECK(said(read_file("[dproxy]\nusemasterupstream = true\nmasterupstream = system\n")) == "");

    const std::string with_host = "[dproxy]\nusemasterupstream = true\nmasterupstream = 8.8.8.8, dns.example:53\n";
    CHECK(said(read_file(with_host)) == "");
}

TEST_CASE("what Kubernetes injects for a Service is ignored", "[settings]") {
    CHECK(said(read_environment({
              "DPROXY_SERVICE_HOST=10.96.0.7",
              "DPROXY_SERVICE_PORT=53",
              "DPROXY_SERVICE_PORT_DNS_UDP=53",
              "DPROXY_PORT=udp://10.96.0.7:53",
              "DPROXY_PORT_53_UDP=udp://10.96.0.7:53",
              "DPROXY_PORT_53_UDP_PROTO=udp",
              "DPROXY_PORT_53_UDP_PORT=53",
              "DPROXY_PORT_53_TCP_ADDR=10.96.0.7",
              "DPROXY_METRICS_SERVICE_HOST=10.96.0.8",
              "DPROXY_METRICS_SERVICE_PORT_HTTP=8080",
              "DPROXY_METRICS_PORT=tcp://10.96.0.8:8080",
              "DPROXY_METRICS_PORT_8080_TCP_ADDR=10.96.0.8",
          })) == "");
    CHECK(read_environment({"DPROXY_PORT=udp://10.96.0.7:53"}).settings.port == 53);
    CHECK(read_environment({"DPROXY_PORT=1053"}).settings.port == 1053);
    CHECK_FALSE(is_service_variable("DPROXY_PORT", "1053"));
    CHECK_FALSE(is_service_variable("DPROXY_PORT_", "x"));
    CHECK_FALSE(is_service_variable("DPROXY_PORT_53", "53"));
    CHECK_FALSE(is_service_variable("DPROXY_PORT_X_TCP", "53"));
    CHECK_FALSE(is_service_variable("DPROXY_LISTEN", "udp://10.96.0.7:53"));
    CHECK_FALSE(is_service_variable("OTHER_SERVICE_HOST", "10.96.0.7"));
    CHECK(is_service_variable("DPROXY_PORT_PORT_1_X", "1"));
}

TEST_CASE("variables of others are none of ours", "[settings]") {
    CHECK(said(read_environment({"PORT=1", "dproxy_port=2", "DPROXY", "DPROXY_X", "MY_DPROXY_PORT=3"})) == "");
    CHECK(said(read_environment({"DPROXY_=1"})).starts_with("error DPROXY_: unknown key"));
    // An empty value is a value.
    CHECK(said(read_environment({"DPROXY_WORKERS="})).starts_with("error DPROXY_WORKERS: "));
}

TEST_CASE("a variable's value", "[settings]") {
    const std::vector<std::string> environment{"AB=1", "A=2", "C=", "D"};
    CHECK(environment_value(environment, "A") == "2");
    CHECK(environment_value(environment, "C") == "");
    CHECK_FALSE(environment_value(environment, "D"));
    CHECK_FALSE(environment_value(environment, "B"));
}
