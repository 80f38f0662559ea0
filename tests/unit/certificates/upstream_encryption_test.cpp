// SPDX-License-Identifier: MIT
#include "certificates/upstream_encryption.hpp"

#include "catch.hpp"
#include "config_directory.hpp"
#include "unit/tls/made_certificate.hpp"
#include "unit/tls/talk.hpp"

using namespace dproxy;
using namespace dproxy::certificates;

namespace {

routing::TextBeside beside(std::string name, std::string text) {
    return {std::move(name), std::make_shared<const std::string>(std::move(text))};
}

struct Scene {
    test::TemporaryDirectory top;
    tls::Authority authority;
    UpstreamEncryption encryption{(top / "system.crt").string()};
    std::shared_ptr<const tls::ServerContext> server = std::make_shared<const tls::ServerContext>(tls::ServerOptions{
        .identities = {tls::make_identity(authority.issue({.names = {"dns.example"}, .addresses = {"192.0.2.1"}}))},
        .protocols = {"dot"},
        .ticket_keys = {tls::TicketKey{}}});

    routing::UpstreamKey upstream(const std::string& name) const {
        routing::UpstreamKey key;
        key.endpoint = *net::Endpoint::parse("192.0.2.1", 853);
        key.protocol = routing::Protocol::tls;
        key.tls.name = name;
        key.tls.authorities = beside("ca.pem", authority.own.pem());
        return key;
    }
    /// How a connection of one thread ends; empty: it is open.
    std::string speak(io::PeerFilters& filters, bool* resumed = nullptr) const {
        const auto client = filters.make();
        tls::Session other(server);
        std::vector<std::uint8_t> bytes;
        for (int round = 0; round < 10; ++round) {
            bytes.clear();
            client->fetch(bytes);
            other.take(bytes);
            tls::read_all(other);
            bytes.clear();
            other.fetch(bytes);
            client->take(bytes);
            std::uint8_t room[100];
            client->read(room);
        }
        if (resumed) *resumed = client->is_resumed();
        return client->state() == io::StreamFilter::State::open ? "" : std::string(client->fault_word());
    }
    std::string speak(const routing::UpstreamKey& key) const {
        return speak(*encryption.filters(key)->on_this_thread());
    }
};

}  // namespace

TEST_CASE("an upstream is who its section says, by name or by address", "[upstream_encryption]") {
    const Scene scene;
    CHECK(scene.speak(scene.upstream("dns.example")).empty());
    CHECK(scene.speak(scene.upstream("")).empty());
    CHECK(scene.speak(scene.upstream("other.example")) == "name");
    auto elsewhere = scene.upstream("");
    elsewhere.endpoint = *net::Endpoint::parse("192.0.2.2", 853);
    CHECK(scene.speak(elsewhere) == "name");
    auto other = scene.upstream("dns.example");
    other.tls.authorities = beside("ca.pem", tls::Authority().own.pem());
    CHECK(scene.speak(other) == "authority");
    other.tls.verify = false;
    CHECK(scene.speak(other).empty());
    other.tls.pins = {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    CHECK(scene.speak(other) == "pin");
}

TEST_CASE("an upstream that is not encrypted has no filters", "[upstream_encryption]") {
    const Scene scene;
    auto plain = scene.upstream("dns.example");
    plain.protocol = routing::Protocol::tcp;
    CHECK(scene.encryption.filters(plain) == nullptr);
}

TEST_CASE("the sessions of one thread go on from each other, those of another do not", "[upstream_encryption]") {
    const Scene scene;
    const auto source = scene.encryption.filters(scene.upstream("dns.example"));
    const auto one = source->on_this_thread(), two = source->on_this_thread();
    bool resumed = true;
    CHECK(scene.speak(*one, &resumed).empty());
    CHECK_FALSE(resumed);
    CHECK(scene.speak(*two, &resumed).empty());
    CHECK_FALSE(resumed);
    CHECK(scene.speak(*one, &resumed).empty());
    CHECK(resumed);
}

TEST_CASE("where no authorities are named, the system's are meant, which are read once they can be",
          "[upstream_encryption]") {
    const Scene scene;
    auto by_system = scene.upstream("dns.example");
    by_system.tls.authorities = {};
    CHECK(scene.encryption.authorities_fault({}) ==
          (scene.top / "system.crt").string() +
              ", which has the authorities where `tls_ca` names none, cannot be read: No such file or directory");
    CHECK(scene.encryption.filters(by_system) == nullptr);
    test::write_file(scene.top / "system.crt", scene.authority.own.pem());
    CHECK(scene.encryption.authorities_fault({}).empty());
    CHECK(scene.speak(by_system).empty());
    std::filesystem::remove(scene.top / "system.crt");
    CHECK(scene.encryption.authorities_fault({}).empty());
}

TEST_CASE("authorities that many sections name are read once", "[upstream_encryption]") {
    const Scene scene;
    const auto file = beside("ca.pem", scene.authority.own.pem());
    auto one = scene.upstream("dns.example"), two = scene.upstream("other.example");
    CHECK(scene.encryption.authorities_fault(file).empty());
    const auto first = scene.encryption.filters(one), second = scene.encryption.filters(two);
    CHECK(first != second);
    for (int i = 0; i < 40; ++i) {
        CHECK(scene.encryption.authorities_fault(beside("ca.pem", tls::Authority().own.pem())).empty());
    }
    CHECK(scene.speak(*first->on_this_thread()).empty());
    CHECK(scene.speak(*second->on_this_thread()) == "name");
}

TEST_CASE("what is no authority, certificate, key or pin is told", "[upstream_encryption]") {
    const Scene scene;
    const UpstreamEncryption& encryption = scene.encryption;
    const auto made = scene.authority.issue({.names = {"a.example"}}), other = scene.authority.issue({});
    CHECK(encryption.authorities_fault(beside("ca.pem", "no")).starts_with("ca.pem: "));
    CHECK(encryption.authorities_fault(beside("ca.pem", scene.authority.own.pem())).empty());
    CHECK(encryption.identity_fault(beside("a.crt", made.pem()), beside("a.key", made.key_pem())).empty());
    const std::string fault =
        encryption.identity_fault(beside("a.crt", made.pem()), beside("a.key", other.key_pem()));
    CHECK_FALSE(fault.empty());
    CHECK(fault.find(other.key_pem().substr(30, 20)) == std::string::npos);
    CHECK(encryption.is_pin("sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    CHECK_FALSE(encryption.is_pin("sha256/AAAA"));
    auto unusable = scene.upstream("dns.example");
    unusable.tls.certificate = beside("a.crt", made.pem());
    unusable.tls.key = beside("a.key", "no key");
    CHECK(encryption.filters(unusable) == nullptr);
}
