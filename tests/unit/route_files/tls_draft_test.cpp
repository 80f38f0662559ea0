// SPDX-License-Identifier: MIT
#include "route_files/tls_draft.hpp"

#include "section_reading.hpp"

namespace dproxy::config {

TEST_CASE("keys of encryption", "[tls_draft]") {
    const auto tls = read({{"address", "192.0.2.1"}, {"protocol", "tls"}, {"tls_name", "NS.example."},
                           {"tls_ca", "Ca.pem"}, {"tls_pin", "sha256/b sha256/a, sha256/b"}, {"tls_cert", "own.crt"},
                           {"tls_key", "own.key"}}, everything);
    REQUIRE(tls.settings);
    const routing::TlsSettings& said = tls.settings->tls;
    CHECK(said.name == "ns.example");
    CHECK(said.authorities.name == "Ca.pem");
    CHECK(said.authorities.view() == "Ca.pem");
    CHECK(said.pins == std::vector<std::string>{"sha256/a", "sha256/b"});
    CHECK(said.certificate.view() == "own.crt");
    CHECK(said.key.view() == "own.key");
    CHECK(said.verify);
    CHECK(tls.warnings.empty());
    CHECK(tls.settings->targets.front().endpoint.port == 853);
    std::string many;
    for (std::size_t i = 0; i <= max_pins; ++i) many += "sha256/x ";
    for (const auto& [key, value] : Keys{{"tls_name", "192.0.2.1"}, {"tls_name", "a:853"}, {"tls_name", ""},
                                         {"tls_ca", ""}, {"tls_ca", "/etc/ca.pem"}, {"tls_ca", "bad"},
                                         {"tls_pin", ""}, {"tls_pin", "md5/x"}, {"tls_pin", many}, {"tls_cert", "a"},
                                         {"tls_key", "a"}, {"tls_key", ".a"}, {"tls_verify", "perhaps"}}) {
        INFO(key << " = " << value);
        const SectionReading bad = read({{"address", "192.0.2.1"}, {"protocol", "tls"}, {key, value}}, everything);
        REQUIRE(bad.faults.size() == 1);
        CHECK(bad.faults.front().line == 4);
        CHECK(mentions(bad.faults.front().message, key));
    }
    const SectionReading pair = read({{"address", "192.0.2.1"}, {"protocol", "tls"}, {"tls_cert", "own.crt"},
                               {"tls_key", "bad"}}, everything);
    CHECK(pair.faults.at(0).message == "`tls_cert`: own.crt: does not fit its key");
    CHECK(pair.faults.at(0).line == 4);
}

TEST_CASE("who verifies nothing is told so", "[tls_draft]") {
    const auto off = [](const Keys& more) {
        Keys keys{{"address", "192.0.2.1"}, {"protocol", "tls"}, {"tls_verify", "off"}};
        keys.insert(keys.end(), more.begin(), more.end());
        return read(keys, everything);
    };
    CHECK_FALSE(off({}).settings->tls.verify);
    REQUIRE(off({}).warnings.size() == 1);
    CHECK(mentions(off({}).warnings.front().message, "whoever stands between is believed as well"));
    CHECK(off({}).warnings.front().line == 4);
    CHECK(mentions(off({{"tls_pin", "sha256/x"}}).warnings.at(0).message, "the pins alone say who is believed"));
    CHECK(mentions(off({{"tls_ca", "ca.pem"}}).faults.at(0).message, "means nothing beside `tls_verify = off`"));
}

TEST_CASE("tls keys go with an encrypted protocol", "[tls_draft]") {
    for (const auto& [key, value] : Keys{{"tls_name", "a.example"}, {"tls_ca", "ca.pem"}, {"tls_verify", "off"},
                                         {"tls_pin", "sha256/x"}, {"tls_cert", "a.crt"}, {"tls_key", "a.key"}})
        CHECK(mentions(fault(key, value, everything), "it goes with `protocol = tls` or `https`"));
    with("tls_verify", "on", everything);
}

TEST_CASE("a build without TLS says so", "[tls_draft]") {
    CHECK(fault("protocol", "tls") ==
          "`protocol`: `tls` was found, but this build has no TLS; expected `udp` or `tcp`");
    for (const auto& [key, value] : Keys{{"tls_name", "a.example"}, {"tls_ca", "ca.pem"}, {"tls_verify", "off"},
                                         {"tls_pin", "sha256/x"}, {"tls_cert", "a.crt"}, {"tls_key", "a.key"}}) {
        CHECK(mentions(fault(key, value), "this build has no TLS"));
    }
    with("protocol", "tls", everything);
}

TEST_CASE("what is verified over HTTPS is what is over TLS", "[tls_draft]") {
    const SectionReading reading = read({{"address", "192.0.2.1"}, {"protocol", "https"}, {"tls_name", "a.example"}},
                                        everything);
    REQUIRE(reading.settings);
    CHECK(reading.settings->tls.name == "a.example");
    CHECK(fault("protocol", "https") ==
          "`protocol`: `https` was found, but this build has no TLS; expected `udp` or `tcp`");
    CHECK(mentions(fault("https_path", "/dns"), "this build has no TLS"));
}

TEST_CASE("without any files there is none", "[tls_draft]") {
    TlsDraft draft;
    CHECK(draft.authorities("ca.pem", ".prox").empty());
    const TlsDraft::Fault fault = draft.read_files({}, test::trusting_encryption);
    CHECK(fault.key == "tls_ca");
    CHECK(fault.message == "`ca.pem` is not there");
}

}  // namespace dproxy::config
