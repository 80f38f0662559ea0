// SPDX-License-Identifier: MIT
#include "certificates/certificate_files.hpp"

#include <ctime>

#include "catch.hpp"
#include "config_directory.hpp"
#include "unit/tls/made_certificate.hpp"

using namespace dproxy;
using namespace dproxy::certificates;

namespace {

constexpr std::uint64_t hour_ns = 3600ULL * 1'000'000'000;

struct Scene {
    test::TemporaryDirectory top;
    tls::Authority authority;

    config::TlsSettings settings(std::size_t pairs = 1) const {
        config::TlsSettings made;
        for (std::size_t i = 0; i < pairs; ++i) {
            made.certificates.push_back((top / (std::to_string(i) + ".crt")).string());
            made.keys.push_back((top / (std::to_string(i) + ".key")).string());
        }
        return made;
    }
    void write(const tls::MadeCertificate& made, const std::string& name = "0") const {
        test::write_file(top / (name + ".crt"), made.pem());
        test::write_file(top / (name + ".key"), made.key_pem());
    }
    tls::MadeCertificate for_name(const std::string& name, std::int64_t from_now = -3600,
                                  std::int64_t until = 86400) const {
        return authority.issue({.names = {name}, .from_now = from_now, .until = until});
    }
    static Now now(std::int64_t later = 0) {
        return {std::time(nullptr) + later, static_cast<std::uint64_t>(later) * 1'000'000'000};
    }
};

}  // namespace

TEST_CASE("a good pair is in force, and nothing changes until its files do", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example"));
    CertificateFiles files(scene.settings(), 0);
    CHECK(files.filters().of_messages == nullptr);
    CHECK(files.read(Scene::now()));
    CHECK(files.filters().of_messages != nullptr);
    CHECK(files.faults().empty());
    REQUIRE(files.states().size() == 1);
    CHECK(files.states()[0].valid);
    CHECK(files.states()[0].names == std::vector<std::string>{"a.example"});
    CHECK(files.states()[0].expires > Scene::now().seconds);
    CHECK_FALSE(files.read(Scene::now()));
    scene.write(scene.for_name("b.example"));
    const auto before = files.filters().of_messages;
    CHECK(files.read(Scene::now()));
    CHECK(files.filters().of_messages != before);
    CHECK(files.states()[0].names == std::vector<std::string>{"b.example"});
}

TEST_CASE("what is no good keeps the last good pair in force, and is told with its file", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example"));
    CertificateFiles files(scene.settings(), 0);
    REQUIRE(files.read(Scene::now()));
    const auto before = files.filters().of_messages;
    std::string told_of = (scene.top / "0.crt").string();
    const tls::MadeCertificate other = scene.for_name("b.example");
    SECTION("a key of another certificate") { test::write_file(scene.top / "0.key", other.key_pem()); }
    SECTION("a certificate of another key") { test::write_file(scene.top / "0.crt", other.pem()); }
    SECTION("no PEM") { test::write_file(scene.top / "0.crt", "hello"); }
    SECTION("an empty file") { test::write_file(scene.top / "0.crt", ""); }
    SECTION("expired") { scene.write(scene.for_name("b.example", -7200, -3600)); }
    SECTION("not yet valid") { scene.write(scene.for_name("b.example", 3600, 7200)); }
    SECTION("a key with a passphrase") { test::write_file(scene.top / "0.key", other.encrypted_key_pem()); }
    SECTION("a missing key") {
        std::filesystem::remove(scene.top / "0.key");
        told_of = (scene.top / "0.key").string();
    }
    CHECK_FALSE(files.read(Scene::now()));
    CHECK(files.filters().of_messages == before);
    CHECK_FALSE(files.states()[0].valid);
    CHECK(files.states()[0].names == std::vector<std::string>{"a.example"});
    REQUIRE(files.faults().size() == 1);
    CHECK(files.faults()[0].file == told_of);
    CHECK_FALSE(files.faults()[0].message.starts_with(told_of));
    CHECK(files.faults()[0].message.find("PRIVATE KEY-----") == std::string::npos);
}

TEST_CASE("an expired certificate is shown where there is nothing better", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example", -7200, -3600));
    CertificateFiles files(scene.settings(), 0);
    CHECK(files.read(Scene::now()));
    CHECK(files.filters().of_messages != nullptr);
    CHECK_FALSE(files.states()[0].valid);
    REQUIRE(files.faults().size() == 1);
    CHECK(files.faults()[0].message.starts_with("expired at 20"));
}

TEST_CASE("a certificate that expires while it is in force is told then", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example"));
    CertificateFiles files(scene.settings(), 0);
    REQUIRE(files.read(Scene::now()));
    files.read(Scene::now(2 * 86400));
    CHECK_FALSE(files.states()[0].valid);
    CHECK(files.faults().size() == 1);
}

TEST_CASE("without any good pair nobody is served, and with one of two everybody", "[certificate_files]") {
    const Scene scene;
    CertificateFiles files(scene.settings(2), 0);
    CHECK_FALSE(files.read(Scene::now()));
    CHECK(files.filters().of_messages == nullptr);
    CHECK(files.faults().size() == 2);
    CHECK_FALSE(files.states()[0].expires.has_value());
    scene.write(scene.for_name("b.example"), "1");
    CHECK(files.read(Scene::now()));
    CHECK(files.filters().of_messages != nullptr);
    CHECK(files.faults().size() == 1);
}

TEST_CASE("nobody is served until it is known whose clients may come", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example"));
    auto settings = scene.settings();
    settings.client_authorities = (scene.top / "ca.crt").string();
    CertificateFiles files(settings, 0);
    files.read(Scene::now());
    CHECK(files.filters().of_messages == nullptr);
    test::write_file(scene.top / "ca.crt", scene.authority.own.pem());
    CHECK(files.read(Scene::now()));
    CHECK(files.filters().of_messages != nullptr);
    test::write_file(scene.top / "ca.crt", "broken");
    CHECK_FALSE(files.read(Scene::now()));
    CHECK(files.filters().of_messages != nullptr);
    CHECK(files.faults().size() == 1);
}

TEST_CASE("keys of tickets are taken as a whole, or the process has its own", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example"));
    auto settings = scene.settings();
    settings.ticket_keys = {(scene.top / "new.key").string(), (scene.top / "old.key").string()};
    test::write_file(scene.top / "new.key", std::string(80, 'n'));
    CertificateFiles files(settings, 0);
    CHECK(files.read(Scene::now()));
    REQUIRE(files.faults().size() == 1);
    CHECK(files.faults()[0].file == (scene.top / "old.key").string());
    test::write_file(scene.top / "old.key", std::string(80, 'o'));
    CHECK(files.read(Scene::now()));
    CHECK(files.faults().empty());
    test::write_file(scene.top / "old.key", std::string(79, 'o'));
    CHECK_FALSE(files.read(Scene::now()));
    REQUIRE(files.faults().size() == 1);
    CHECK(files.faults()[0].message == "has 79 bytes; expected 80 random ones (`openssl rand 80`)");
    // They are the operator's: time changes nothing.
    CHECK_FALSE(files.read({Scene::now().seconds, 24 * hour_ns}));
}

TEST_CASE("keys of the process's own rotate", "[certificate_files]") {
    const Scene scene;
    scene.write(scene.for_name("a.example"));
    CertificateFiles files(scene.settings(), 0);
    REQUIRE(files.read({Scene::now().seconds, hour_ns}));
    CHECK_FALSE(files.read({Scene::now().seconds, 11 * hour_ns}));
    CHECK(files.read({Scene::now().seconds, 13 * hour_ns}));
}

TEST_CASE("the directories of all files are watched, each once", "[certificate_files]") {
    config::TlsSettings settings;
    settings.certificates = {"/etc/tls/tls.crt", "other.crt"};
    settings.keys = {"/etc/tls/tls.key", "/other.key"};
    CHECK(CertificateFiles(settings, 0).directories() == std::vector<std::string>{".", "/", "/etc/tls"});
}
