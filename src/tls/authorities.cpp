// SPDX-License-Identifier: MIT
#include "tls/authorities.hpp"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>
#include <utility>

namespace dproxy::tls {

AuthoritiesReading AuthoritiesReading::of(const PemFile& file) {
    const ErrorQueue errors;
    Certificates read = read_certificates(file);
    if (!read.fault.empty()) return {{}, std::move(read.fault)};
    const std::shared_ptr<Authorities> authorities(new Authorities);
    authorities->store_ = made<StoreHandle>(X509_STORE_new());
    for (const CertificateHandle& certificate : read.found) {
        // What OpenSSL makes of its extensions is made now: from here on all threads read it, and none writes.
        X509_check_purpose(certificate.get(), -1, 0);
        // One that is there twice is no fault (since OpenSSL 1.1.1).
        if (X509_STORE_add_cert(authorities->store_.get(), certificate.get()) != 1) throw std::bad_alloc();
    }
    X509_STORE_set_flags(authorities->store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
    authorities->certificates_ = std::move(read.found);
    return {authorities, {}};
}

bool Authorities::is_same_as(const Authorities& other) const {
    const auto same = [](const CertificateHandle& a, const CertificateHandle& b) {
        return X509_cmp(a.get(), b.get()) == 0;
    };
    return std::equal(certificates_.begin(), certificates_.end(), other.certificates_.begin(),
                      other.certificates_.end(), same);
}

}  // namespace dproxy::tls
