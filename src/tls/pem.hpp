// SPDX-License-Identifier: MIT
// Certificates and keys as they stand in files (RFC 7468): text in, objects or a fault out. Nothing here ever asks for
// a passphrase, and no fault has anything of a key in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tls/handles.hpp"

namespace dproxy::tls {

inline constexpr std::size_t max_pem_bytes = 1024 * 1024;  ///< a whole Secret's limit

struct PemFile {
    std::string_view name;  ///< for faults
    std::string_view text;
};

struct Certificates {
    std::vector<CertificateHandle> found{};  ///< in the file's order, at least one where there is no fault
    std::string fault{};                     ///< `tls.crt: found a PRIVATE KEY, expected a CERTIFICATE`
};

struct PrivateKey {
    KeyHandle key{};
    std::string fault{};
};

Certificates read_certificates(const PemFile& file);
/// The first key of the file.
PrivateKey read_private_key(const PemFile& file);

}  // namespace dproxy::tls
