// SPDX-License-Identifier: MIT
// Certificates made within a test, good and bad ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tls/authorities.hpp"
#include "tls/handles.hpp"
#include "tls/identity.hpp"

namespace dproxy::tls {

enum class KeyKind : std::uint8_t { p256, rsa, short_rsa, ed25519 };

struct MadeCertificate {
    std::shared_ptr<x509_st> certificate;
    std::shared_ptr<evp_pkey_st> key;

    std::string pem() const;
    std::string key_pem() const;
    std::string encrypted_key_pem() const;
    std::shared_ptr<const Authorities> as_authority() const;
};

struct Wanted {
    std::string common_name = "a test";
    std::vector<std::string> names{};  ///< any bytes
    std::vector<std::string> addresses{};
    std::int64_t from_now = -3600, until = 86400;  ///< seconds from now
    bool is_authority = false;
    KeyKind kind = KeyKind::p256;
    const MadeCertificate* issuer = nullptr;  ///< none: by itself
};

MadeCertificate make_certificate(const Wanted& wanted);
/// With those that follow it in its file.
std::shared_ptr<const Identity> make_identity(const MadeCertificate& made, const std::string& issuers_pem = {});

/// An authority with a certificate for `server.example`: what most tests need.
struct Authority {
    MadeCertificate own = make_certificate({.common_name = "authority", .is_authority = true});

    MadeCertificate issue(Wanted wanted) const {
        wanted.issuer = &own;
        return make_certificate(wanted);
    }
    std::shared_ptr<const Identity> identity(const std::vector<std::string>& names) const {
        return make_identity(issue({.names = names}));
    }
};

}  // namespace dproxy::tls
