// SPDX-License-Identifier: MIT
#include "tls/pin.hpp"

#include <openssl/x509.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"

using namespace dproxy::tls;

namespace {

struct Sent {
    CertificatesHandle all{sk_X509_new_null()};
    explicit Sent(const std::vector<MadeCertificate>& certificates) {
        for (const MadeCertificate& each : certificates) {
            X509_up_ref(each.certificate.get());
            sk_X509_push(all.get(), each.certificate.get());
        }
    }
};

}  // namespace

TEST_CASE("a pin is sha256/ and 44 digits of base64", "[pin]") {
    const std::string good = "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const std::optional<Pin> pin = parse_pin(good);
    REQUIRE(pin);
    CHECK(pin->front() == 0);
    CHECK(pin->back() == 31);
    for (const std::string& bad :
         {std::string(), std::string("sha256/"), good.substr(7), "SHA256/" + good.substr(7), good + "=", good + " ",
          good.substr(0, good.size() - 1), "sha1/" + good.substr(7), good.substr(0, 49) + "==",
          "sha256/" + std::string(43, '*') + "=", "sha256/=" + std::string(42, 'A') + "="}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_pin(bad));
    }
}

TEST_CASE("a pin is found in the certificate itself and in those that signed it", "[pin]") {
    const Authority authority;
    const MadeCertificate own = authority.issue({}), stranger = make_certificate({.is_authority = true});
    const Sent sent({own, authority.own});
    CHECK(holds_pin(*own.certificate, sent.all.get(), {pin_of(*own.certificate)}));
    CHECK(holds_pin(*own.certificate, sent.all.get(), {Pin{}, pin_of(*authority.own.certificate)}));
    CHECK_FALSE(holds_pin(*own.certificate, sent.all.get(), {pin_of(*stranger.certificate)}));
    CHECK_FALSE(holds_pin(*own.certificate, nullptr, {pin_of(*authority.own.certificate)}));
    CHECK_FALSE(holds_pin(*own.certificate, sent.all.get(), {}));
}

TEST_CASE("a certificate that only lies beside it proves nothing", "[pin]") {
    // The stranger's is public: anybody may send it along. The second has even the name of the issuer.
    const MadeCertificate stranger = make_certificate({.common_name = "authority", .is_authority = true});
    const Authority authority;
    const MadeCertificate own = authority.issue({});
    const Sent sent({own, stranger, stranger});
    CHECK_FALSE(holds_pin(*own.certificate, sent.all.get(), {pin_of(*stranger.certificate)}));
    // Who is no authority vouches for nobody.
    const MadeCertificate leaf = make_certificate({.common_name = "leaf"});
    const MadeCertificate below = make_certificate({.issuer = &leaf});
    CHECK_FALSE(holds_pin(*below.certificate, Sent({below, leaf}).all.get(), {pin_of(*leaf.certificate)}));
}
