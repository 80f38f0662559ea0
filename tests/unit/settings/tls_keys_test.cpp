// SPDX-License-Identifier: MIT
#include "settings/tls_keys.hpp"

#include "catch.hpp"
#include "settings/settings_sources.hpp"

using namespace dproxy::config;

namespace {

SettingCapabilities capabilities(bool tls = true) {
    SettingCapabilities made;
    made.tls = tls;
    return made;
}

/// The faults of these settings, and what they are.
SettingsReading read(std::vector<Assignment> flags) {
    SettingsSources sources;
    sources.flags = std::move(flags);
    return read_settings(sources, capabilities());
}

}  // namespace

TEST_CASE("what clients find encrypted is read", "[tls_keys]") {
    const auto reading = read({{"listen_tls", "0.0.0.0, [::]:8853"},
                               {"listen_https", "127.0.0.1"},
                               {"tls_cert", "a.crt, b.crt"},
                               {"tls_key", "a.key,b.key"},
                               {"tls_client_ca", "/etc/ca s.crt"},
                               {"tls_min", "1.3"},
                               {"tls_ticket_keys", "new, old"}});
    CHECK(reading.diagnostics.empty());
    const TlsSettings& tls = reading.settings.tls;
    REQUIRE(tls.listen.size() == 2);
    CHECK(tls.listen[0].to_string() == "0.0.0.0:853");
    REQUIRE(tls.listen_https.size() == 1);
    CHECK(tls.listen_https[0].to_string() == "127.0.0.1:443");
    CHECK(tls.certificates == std::vector<std::string>{"a.crt", "b.crt"});
    CHECK(tls.keys == std::vector<std::string>{"a.key", "b.key"});
    CHECK(tls.client_authorities == "/etc/ca s.crt");
    CHECK(tls.least == TlsVersion::tls13);
    CHECK(tls.ticket_keys == std::vector<std::string>{"new", "old"});
}

TEST_CASE("the name under which clients are told of it", "[tls_keys]") {
    const auto told = [](std::string value) {
        auto settings = default_settings();
        const std::string fault = find_setting_key("ddr_name")->apply(value, capabilities(), settings);
        return std::pair(settings.tls, fault);
    };
    CHECK(told("DNS.example.").first.told_name->to_text() == "dns.example");
    CHECK(told("dns.example").first.told_dot_port == 0);
    CHECK(told("dns.example dot=8853").first.told_dot_port == 8853);
    CHECK(told("dns.example https=8443 dot=8853").first.told_dot_port == 8853);
    CHECK(told("dns.example dot=8853 https=8443").first.told_https_port == 8443);
    CHECK_FALSE(told("off").first.told_name);
    for (const auto* bad : {"", ".", "a..b", "dns.example 853", "dns.example dot=0", "dns.example dot=65536",
                            "dns.example dot=853 more", "dns.example doq=853"}) {
        INFO(bad);
        CHECK_FALSE(told(bad).second.empty());
        CHECK_FALSE(told(bad).first.told_name);
    }
}

TEST_CASE("`off` takes back what an earlier source said", "[tls_keys]") {
    const auto reading = read({{"listen_tls", "0.0.0.0"}, {"listen_tls", "off"}});
    CHECK(reading.diagnostics.empty());
    CHECK(reading.settings.tls.listen.empty());
}

TEST_CASE("settings that do not go together are told", "[tls_keys]") {
    const auto fault = [](std::vector<Assignment> flags) {
        const auto reading = read(std::move(flags));
        return reading.diagnostics.empty() ? std::string() : reading.diagnostics[0].to_string();
    };
    CHECK(fault({{"listen_tls", "0.0.0.0"}}) ==
          "--listen_tls: `listen_tls` needs a certificate; expected `tls_cert` and `tls_key`");
    CHECK(fault({{"ddr_name", "dns.example"}}) ==
          "--ddr_name: `ddr_name` tells clients how to ask encrypted; expected `listen_tls` or `listen_https`");
    CHECK(fault({{"listen_https", "0.0.0.0"}}) ==
          "--listen_https: `listen_https` needs a certificate; expected `tls_cert` and `tls_key`");
    CHECK(fault({{"tls_cert", "a,b"}, {"tls_key", "a"}}) ==
          "--tls_key: found 2 files in `tls_cert` and 1 file in `tls_key`; expected a key for each certificate, in the "
          "same order");
    CHECK(fault({{"tls_cert", "a"}}).starts_with("--tls_cert: found 1 file in `tls_cert` and 0 files"));
    CHECK(fault({{"tls_min", "1.1"}}) == "--tls_min: `1.1` was found; expected `1.2` or `1.3`");
    CHECK(fault({{"tls_client_ca", ""}}) == "--tls_client_ca: nothing was found; expected a file of certificates");
}

TEST_CASE("a build without TLS says so where it is asked for", "[tls_keys]") {
    Settings settings;
    CHECK(listen_tls("0.0.0.0", capabilities(false), settings) ==
          "`0.0.0.0` was found, but this build has no TLS; expected `off`");
    CHECK(listen_tls("off", capabilities(false), settings).empty());
}
