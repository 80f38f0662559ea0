// SPDX-License-Identifier: MIT
#include "tls/failure.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace dproxy::tls {

namespace {

constexpr std::array<std::string_view, failure_count> words{
    "none", "name", "authority", "expired", "not_yet_valid", "pin", "version", "cipher", "protocol",
    "no_certificate", "client_certificate", "malformed", "alert", "flood"};

/// The first error that libssl itself put there: what other parts say of the same comes before or after it.
unsigned long take_error() {
    unsigned long found = 0;
    while (const unsigned long error = ERR_get_error()) {
        if (found == 0 || (ERR_GET_LIB(found) != ERR_LIB_SSL && ERR_GET_LIB(error) == ERR_LIB_SSL)) found = error;
    }
    return found;
}

Failure failure_of_alert(int alert) {
    switch (alert) {
        case SSL_AD_PROTOCOL_VERSION: return Failure::version;
        case SSL_AD_NO_APPLICATION_PROTOCOL: return Failure::protocol;
        case TLS13_AD_CERTIFICATE_REQUIRED: return Failure::client_certificate;
        default: return Failure::alert;
    }
}

Failure failure_of_reason(int reason) {
    switch (reason) {
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_VERSION_TOO_HIGH:
        case SSL_R_INAPPROPRIATE_FALLBACK: return Failure::version;
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: return Failure::cipher;
        case SSL_R_NO_APPLICATION_PROTOCOL: return Failure::protocol;
        case SSL_R_CERT_CB_ERROR: return Failure::no_certificate;
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return Failure::client_certificate;
        default: return Failure::malformed;
    }
}

std::string sentence(std::string_view beginning, const char* said) {
    return std::string(beginning).append(said ? said : "unknown");
}

}  // namespace

std::string_view to_word(Failure failure) { return words[static_cast<std::size_t>(failure)]; }

Verdict verdict_on_chain(long verify_result, std::string_view of_whom) {
    Failure failure = Failure::authority;
    switch (verify_result) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: failure = Failure::name; break;
        case X509_V_ERR_CERT_HAS_EXPIRED: failure = Failure::expired; break;
        case X509_V_ERR_CERT_NOT_YET_VALID: failure = Failure::not_yet_valid; break;
        case X509_V_ERR_APPLICATION_VERIFICATION:  // what ClientContext says
            return {Failure::pin, sentence(of_whom, " certificate: none of its chain has a key that is pinned")};
        default: break;
    }
    return {failure, sentence(std::string(of_whom) + " certificate: ", X509_verify_cert_error_string(verify_result))};
}

Verdict verdict_on(const ssl_st& connection) {
    const unsigned long error = take_error();
    const int reason = ERR_GET_REASON(error);
    if (error == 0) return {Failure::malformed, "the connection ended within the handshake"};
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) return {Failure::malformed, sentence("", ERR_reason_error_string(error))};
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return verdict_on_chain(SSL_get_verify_result(&connection),
                                SSL_is_server(&connection) ? "the client's" : "the server's");
    }
    if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 0xff) {
        const int alert = reason - SSL_AD_REASON_OFFSET;
        return {failure_of_alert(alert), sentence("the peer's alert: ", SSL_alert_desc_string_long(alert))};
    }
    const Failure failure = failure_of_reason(reason);
    if (failure == Failure::no_certificate) return {failure, "there is no certificate to show"};
    return {failure, sentence("", ERR_reason_error_string(error))};
}

}  // namespace dproxy::tls
