// SPDX-License-Identifier: MIT
#include "tls/identity.hpp"

#include <openssl/err.h>

#include <ctime>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"

using namespace dproxy;
using namespace dproxy::tls;

namespace {

std::string fault_of(const std::string& chain, const std::string& key) {
    const IdentityReading read = IdentityReading::of({"tls.crt", chain}, {"tls.key", key});
    CHECK_FALSE(read.identity);
    CHECK(ERR_peek_error() == 0);
    return read.fault;
}

}  // namespace

TEST_CASE("an identity knows whom it is for and how long", "[identity]") {
    const MadeCertificate made = make_certificate({.common_name = "cn.example",
                                                   .names = {"Server.Example", "*.server.example"},
                                                   .addresses = {"192.0.2.1", "2001:db8::1"}});
    const auto identity = make_identity(made);
    CHECK(identity->names().names == std::vector<std::string>{"server.example", "*.server.example"});
    CHECK(identity->names().addresses ==
          std::vector{*net::Address::parse("192.0.2.1"), *net::Address::parse("2001:db8::1")});
    const std::int64_t now = std::time(nullptr);
    const Validity& validity = identity->validity();
    CHECK(validity.from <= now - 3590);
    CHECK(validity.until >= now + 86'390);
    CHECK(validity.at(now) == Validity::State::valid);
    CHECK(validity.at(validity.from) == Validity::State::valid);
    CHECK(validity.at(validity.from - 1) == Validity::State::not_yet);
    CHECK(validity.at(validity.until) == Validity::State::valid);
    CHECK(validity.at(validity.until + 1) == Validity::State::expired);
}

TEST_CASE("an expired certificate is read all the same", "[identity]") {
    const auto identity = make_identity(make_certificate({.from_now = -200, .until = -100}));
    CHECK(identity->validity().at(std::time(nullptr)) == Validity::State::expired);
    CHECK(identity->names().names.empty());
}

TEST_CASE("a name with a NUL in it makes a certificate one for nobody", "[identity]") {
    const MadeCertificate made = make_certificate(
        {.names = {"good.example", std::string("server.example\0.evil.example", 28)}, .addresses = {"192.0.2.1"}});
    const auto identity = make_identity(made);
    CHECK(identity->names().names.empty());
    CHECK(identity->names().addresses.empty());
}

TEST_CASE("all kinds of keys that are strong enough are taken", "[identity]") {
    const KeyKind kind = GENERATE(KeyKind::p256, KeyKind::rsa, KeyKind::ed25519);
    CHECK(make_identity(make_certificate({.kind = kind})));
}

TEST_CASE("what does not fit is told with both files", "[identity]") {
    const Authority authority;
    const MadeCertificate one = authority.issue({}), other = authority.issue({});
    CHECK(fault_of(one.pem(), other.key_pem()) ==
          "tls.key: the private key does not fit the certificate in tls.crt: it is that of another public key");
    CHECK(fault_of(authority.own.pem() + one.pem(), one.key_pem()) ==
          "tls.crt: found its own certificate at place 2, expected it first, and after it who issued it");
    CHECK(fault_of(one.key_pem(), one.pem()) == "tls.crt: found PRIVATE KEY, expected a CERTIFICATE in PEM form");
    CHECK(fault_of(one.pem(), "") == "tls.key: found an empty file, expected a PRIVATE KEY in PEM form");
}

TEST_CASE("a weak key and an endless chain are refused", "[identity]") {
    const MadeCertificate weak = make_certificate({.kind = KeyKind::short_rsa});
    const std::string fault = fault_of(weak.pem(), weak.key_pem());
    CHECK(fault.starts_with("tls.crt: cannot be shown to anybody ("));
    CHECK(fault.ends_with("1024 bits), expected RSA of 2048 bits or more, EC or Ed25519, and signatures by SHA-2"));

    const MadeCertificate one = make_certificate({});
    std::string chain = one.pem();
    for (std::size_t count = 1; count < Identity::max_chain; ++count) chain += weak.pem();
    CHECK(fault_of(chain + one.pem(), one.key_pem()) == "tls.crt: found 17 certificates, expected 16 at most");
}
