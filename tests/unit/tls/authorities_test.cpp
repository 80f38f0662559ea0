// SPDX-License-Identifier: MIT
#include "tls/authorities.hpp"

#include <openssl/err.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"

using namespace dproxy::tls;

TEST_CASE("all certificates of a file are believed, one that is there twice too", "[authorities]") {
    const MadeCertificate one = make_certificate({.is_authority = true}), other = make_certificate({});
    const AuthoritiesReading read = AuthoritiesReading::of({"ca.crt", one.pem() + other.pem() + one.pem()});
    REQUIRE(read.authorities);
    CHECK(read.fault == "");
    CHECK(read.authorities->certificates().size() == 3);
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a file without any is a fault", "[authorities]") {
    const AuthoritiesReading read = AuthoritiesReading::of({"ca.crt", "nothing"});
    CHECK_FALSE(read.authorities);
    CHECK(read.fault == "ca.crt: found no PEM (-----BEGIN ...), expected a CERTIFICATE in PEM form");
}
