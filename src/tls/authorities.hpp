// SPDX-License-Identifier: MIT
// Who is believed when a certificate says whose it is. Read once, shared by all contexts that go by them: the system's
// are about 140, and take some megabytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tls/pem.hpp"

namespace dproxy::tls {

/// Where Debian keeps those of the system, and the image too.
inline constexpr std::string_view system_authorities_file = "/etc/ssl/certs/ca-certificates.crt";

/// Immutable; any thread.
class Authorities {
public:
    /// The same certificates, in the same order.
    bool is_same_as(const Authorities& other) const;
    x509_store_st* store() const { return store_.get(); }
    const std::vector<CertificateHandle>& certificates() const { return certificates_; }

private:
    friend struct AuthoritiesReading;
    Authorities() = default;

    StoreHandle store_;
    std::vector<CertificateHandle> certificates_;
};

struct AuthoritiesReading {
    std::shared_ptr<const Authorities> authorities{};
    std::string fault{};  ///< where there are none

    /// A certificate that is named here is believed itself, whether it is an authority's or a server's own.
    static AuthoritiesReading of(const PemFile& file);
};

}  // namespace dproxy::tls
