// SPDX-License-Identifier: MIT
#include "tls/pem.hpp"

#include <openssl/err.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"

using namespace dproxy::tls;

namespace {

const MadeCertificate& made() {
    static const MadeCertificate one = make_certificate({.names = {"server.example"}});
    return one;
}

std::string certificate_fault(const std::string& text) {
    const Certificates read = read_certificates({"tls.crt", text});
    CHECK(read.found.empty());
    CHECK(ERR_peek_error() == 0);
    return read.fault;
}

std::string key_fault(const std::string& text) {
    const PrivateKey read = read_private_key({"tls.key", text});
    CHECK_FALSE(read.key);
    CHECK(ERR_peek_error() == 0);
    return read.fault;
}

}  // namespace

TEST_CASE("certificates are read in their order, whatever stands between", "[pem]") {
    const MadeCertificate other = make_certificate({});
    const Certificates read =
        read_certificates({"tls.crt", "of the server:\n" + made().pem() + made().key_pem() + other.pem() + "end"});
    CHECK(read.fault == "");
    CHECK(read.found.size() == 2);
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a file without a certificate says what it has", "[pem]") {
    CHECK(certificate_fault("") == "tls.crt: found an empty file, expected a CERTIFICATE in PEM form");
    CHECK(certificate_fault("\x30\x82\x01") ==
          "tls.crt: found no PEM (-----BEGIN ...), expected a CERTIFICATE in PEM form");
    CHECK(certificate_fault(made().key_pem()) == "tls.crt: found PRIVATE KEY, expected a CERTIFICATE in PEM form");
    CHECK(certificate_fault("-----BEGIN \x1b[31m-----\nAAAA\n-----END \x1b[31m-----\n") ==
          "tls.crt: found a PEM block of an unknown kind, expected a CERTIFICATE in PEM form");
    CHECK(certificate_fault(std::string(max_pem_bytes + 1, 'x')) ==
          "tls.crt: found 1048577 bytes, expected 1 MiB at most");
}

TEST_CASE("a broken certificate is counted", "[pem]") {
    const std::string good = made().pem();
    std::string cut = good.substr(0, good.size() / 2), changed = good;
    changed[100] = '!';
    const std::string expected = " broken, expected base64 between its lines BEGIN and END";
    CHECK(certificate_fault(good + cut) == "tls.crt: found certificate 2" + expected);
    CHECK(certificate_fault(changed) == "tls.crt: found certificate 1" + expected);
    CHECK(certificate_fault("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") ==
          "tls.crt: found certificate 1" + expected);
}

TEST_CASE("a key is read, also behind the parameters of its curve", "[pem]") {
    CHECK(read_private_key({"tls.key", made().key_pem()}).key);
    const std::string parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const PrivateKey read = read_private_key({"tls.key", parameters + made().key_pem()});
    CHECK(read.fault == "");
    CHECK(read.key);
}

TEST_CASE("a key that cannot be used says why, and nothing of itself", "[pem]") {
    CHECK(key_fault(made().encrypted_key_pem()) ==
          "tls.key: found an encrypted private key, expected one without a passphrase");
    CHECK(key_fault(made().pem()) == "tls.key: found CERTIFICATE, expected a PRIVATE KEY in PEM form");
    CHECK(key_fault("") == "tls.key: found an empty file, expected a PRIVATE KEY in PEM form");
    std::string broken = made().key_pem();
    broken[60] = '!';
    CHECK(key_fault(broken) ==
          "tls.key: found a private key that is broken, or of a kind that is not known, expected RSA, EC or Ed25519");
}
