// SPDX-License-Identifier: MIT
// What one shows to be who one is: a certificate, those that lead from it to an authority, and its private key.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "tls/pem.hpp"

namespace dproxy::tls {

/// Seconds since 1970. Both ends are within.
struct Validity {
    enum class State : std::uint8_t { valid, expired, not_yet };

    std::int64_t from = 0;
    std::int64_t until = 0;

    State at(std::int64_t now) const {
        if (now < from) return State::not_yet;
        return now > until ? State::expired : State::valid;
    }
};

/// Who a certificate is for: its subjectAltName alone (RFC 6125, RFC 9525), never its CN.
struct CertificateNames {
    std::vector<std::string> names{};  ///< as compared_name() has them, wildcards with their star
    std::vector<net::Address> addresses{};
};

/// Of a certificate that has a NUL within a name, nothing: who reads that as C text reads another name.
CertificateNames names_of(const x509_st& certificate);
Validity validity_of(const x509_st& certificate);

/// Immutable, shared by the contexts that show it; any thread.
class Identity {
public:
    static constexpr std::size_t max_chain = 16;  ///< certificates, its own among them

    const CertificateNames& names() const { return names_; }
    /// The same certificates and the same key.
    bool is_same_as(const Identity& other) const;
    const Validity& validity() const { return validity_; }  ///< of its own certificate, without the chain

    x509_st* certificate() const { return certificate_.get(); }
    stack_st_X509* issuers() const { return issuers_.get(); }
    evp_pkey_st* key() const { return key_.get(); }

private:
    friend struct IdentityReading;
    Identity() = default;

    CertificateHandle certificate_;
    CertificatesHandle issuers_;
    KeyHandle key_;
    CertificateNames names_;
    Validity validity_;
};

struct IdentityReading {
    std::shared_ptr<const Identity> identity{};
    std::string fault{};  ///< where there is none: file, what was found, what was expected

    /// The own certificate comes first in its file. An expired one is read all the same: validity() says it.
    static IdentityReading of(const PemFile& chain, const PemFile& key);
};

}  // namespace dproxy::tls
