// SPDX-License-Identifier: MIT
// Held by tests/unit/tls/identity_test.cpp, tests/unit/tls/session_test.cpp.
#include "tls/handles.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace dproxy::tls {

void Release::operator()(bio_st* object) const noexcept { BIO_free(object); }
void Release::operator()(evp_cipher_st* object) const noexcept { EVP_CIPHER_free(object); }
void Release::operator()(evp_pkey_st* object) const noexcept { EVP_PKEY_free(object); }
void Release::operator()(ssl_ctx_st* object) const noexcept { SSL_CTX_free(object); }
void Release::operator()(ssl_session_st* object) const noexcept { SSL_SESSION_free(object); }
void Release::operator()(ssl_st* object) const noexcept { SSL_free(object); }
void Release::operator()(stack_st_X509* object) const noexcept { sk_X509_pop_free(object, X509_free); }
void Release::operator()(x509_st* object) const noexcept { X509_free(object); }
void Release::operator()(x509_store_st* object) const noexcept { X509_STORE_free(object); }

void ErrorQueue::clear() noexcept {
    if (ERR_peek_error() != 0) ERR_clear_error();  // which walks all of it
}

}  // namespace dproxy::tls
