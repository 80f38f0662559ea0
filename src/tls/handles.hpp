// SPDX-License-Identifier: MIT
// OpenSSL's objects, each with an owner. Its headers are not needed for that: who includes this folder sees none.
// Held by tests/unit/tls/identity_test.cpp, tests/unit/tls/session_test.cpp.
#pragma once

#include <memory>

struct bio_st;
struct evp_cipher_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct stack_st_X509;
struct x509_st;
struct x509_store_st;

namespace dproxy::tls {

struct Release {
    void operator()(bio_st* object) const noexcept;
    void operator()(evp_cipher_st* object) const noexcept;
    void operator()(evp_pkey_st* object) const noexcept;
    void operator()(ssl_ctx_st* object) const noexcept;
    void operator()(ssl_session_st* object) const noexcept;
    void operator()(ssl_st* object) const noexcept;
    void operator()(stack_st_X509* object) const noexcept;  ///< with its certificates
    void operator()(x509_st* object) const noexcept;
    void operator()(x509_store_st* object) const noexcept;
};

using BioHandle = std::unique_ptr<bio_st, Release>;
using CertificateHandle = std::unique_ptr<x509_st, Release>;
using CertificatesHandle = std::unique_ptr<stack_st_X509, Release>;
using CipherHandle = std::unique_ptr<evp_cipher_st, Release>;
using ContextHandle = std::unique_ptr<ssl_ctx_st, Release>;
using ConnectionHandle = std::unique_ptr<ssl_st, Release>;
using KeyHandle = std::unique_ptr<evp_pkey_st, Release>;
using ResumableHandle = std::unique_ptr<ssl_session_st, Release>;
using StoreHandle = std::unique_ptr<x509_store_st, Release>;

/// OpenSSL makes nothing only for want of memory: std::bad_alloc.
template <typename Handle>
Handle made(typename Handle::pointer object) {
    if (!object) throw std::bad_alloc();
    return Handle(object);
}

/// The thread's queue of OpenSSL's errors is empty when this begins and when it ends: what one connection left there
/// must not be taken for another's.
class ErrorQueue {
public:
    ErrorQueue() noexcept { clear(); }
    ~ErrorQueue() { clear(); }
    ErrorQueue(const ErrorQueue&) = delete;
    ErrorQueue& operator=(const ErrorQueue&) = delete;

private:
    static void clear() noexcept;
};

}  // namespace dproxy::tls
