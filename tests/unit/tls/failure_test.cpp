// SPDX-License-Identifier: MIT
#include "tls/failure.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <set>

#include "catch.hpp"

using namespace dproxy::tls;

namespace {

Verdict verdict_after(int library, int reason) {
    const ContextHandle context(SSL_CTX_new(TLS_method()));
    const ConnectionHandle connection(SSL_new(context.get()));
    ERR_clear_error();
    ERR_raise(library, reason);
    Verdict verdict = verdict_on(*connection);
    CHECK(ERR_peek_error() == 0);
    return verdict;
}

}  // namespace

TEST_CASE("each failure has a word of its own", "[failure]") {
    std::set<std::string_view> words;
    for (std::size_t index = 0; index < failure_count; ++index) words.insert(to_word(static_cast<Failure>(index)));
    CHECK(words.size() == failure_count);
    CHECK(to_word(Failure::none) == "none");
    CHECK(to_word(Failure::no_certificate) == "no_certificate");
    CHECK(to_word(Failure::flood) == "flood");
}

TEST_CASE("what OpenSSL says is told apart", "[failure]") {
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL).failure == Failure::version);
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER).failure == Failure::cipher);
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_NO_APPLICATION_PROTOCOL).failure == Failure::protocol);
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE).failure == Failure::client_certificate);
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_CERT_CB_ERROR).text == "there is no certificate to show");
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION).failure == Failure::version);
    CHECK(verdict_after(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + 120).failure == Failure::protocol);
    CHECK(verdict_after(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + 116).failure == Failure::client_certificate);
    const Verdict alert = verdict_after(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
    CHECK(alert.failure == Failure::alert);
    CHECK(alert.text == "the peer's alert: unknown CA");
    CHECK(verdict_after(ERR_LIB_SSL, SSL_R_HTTP_REQUEST).text == "http request");
    CHECK(verdict_after(ERR_LIB_ASN1, 1).failure == Failure::malformed);
}

TEST_CASE("an end without an error is one within the handshake", "[failure]") {
    const ContextHandle context(SSL_CTX_new(TLS_method()));
    const ConnectionHandle connection(SSL_new(context.get()));
    ERR_clear_error();
    CHECK(verdict_on(*connection).text == "the connection ended within the handshake");
}

TEST_CASE("what a chain lacks is told apart", "[failure]") {
    CHECK(verdict_on_chain(X509_V_ERR_HOSTNAME_MISMATCH, "the server's").failure == Failure::name);
    CHECK(verdict_on_chain(X509_V_ERR_IP_ADDRESS_MISMATCH, "the server's").failure == Failure::name);
    CHECK(verdict_on_chain(X509_V_ERR_CERT_HAS_EXPIRED, "the server's").failure == Failure::expired);
    CHECK(verdict_on_chain(X509_V_ERR_CERT_NOT_YET_VALID, "the server's").failure == Failure::not_yet_valid);
    CHECK(verdict_on_chain(X509_V_ERR_APPLICATION_VERIFICATION, "the server's").failure == Failure::pin);
    const Verdict verdict = verdict_on_chain(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "the client's");
    CHECK(verdict.failure == Failure::authority);
    CHECK(verdict.text == "the client's certificate: self-signed certificate");
}
