// SPDX-License-Identifier: MIT
#include "tls/identity.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <new>
#include <string_view>

#include "tls/name_choice.hpp"

namespace dproxy::tls {

namespace {

struct ReleaseNames {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string_view bytes_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

void add_address(std::string_view bytes, std::vector<net::Address>& addresses) {
    net::Address address;
    if (bytes.size() == 4) {
        const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
        address = net::Address::v4(at[0], at[1], at[2], at[3]);
    } else if (bytes.size() == address.bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(address.bytes.data()));
    } else {
        return;
    }
    addresses.push_back(address);
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
    std::tm broken_down{};
    return ASN1_TIME_to_tm(time, &broken_down) == 1 ? std::int64_t{::timegm(&broken_down)} : 0;
}

std::string says(const PemFile& file, const std::string& what) { return std::string(file.name) + ": " + what; }

std::string why_unfit(const PemFile& chain, const PemFile& key, const Certificates& certificates, evp_pkey_st* of_key) {
    for (std::size_t index = 1; index < certificates.found.size(); ++index) {
        if (X509_check_private_key(certificates.found[index].get(), of_key) == 1) {
            return says(chain, "found its own certificate at place " + std::to_string(index + 1) +
                                   ", expected it first, and after it who issued it");
        }
    }
    return says(key, "the private key does not fit the certificate in " + std::string(chain.name) +
                         ": it is that of another public key");
}

/// What OpenSSL would say of them when a server begins to show them: too short a key, too weak a signature.
std::string why_too_weak(const PemFile& chain, x509_st* certificate, stack_st_X509* issuers, evp_pkey_st* key) {
    const ContextHandle context = made<ContextHandle>(SSL_CTX_new(TLS_method()));
    if (SSL_CTX_use_cert_and_key(context.get(), certificate, key, issuers, 1) == 1) return {};
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return says(chain, std::string("cannot be shown to anybody (") + (reason ? reason : "unknown") + ", " +
                           std::to_string(EVP_PKEY_get_bits(key)) +
                           " bits), expected RSA of 2048 bits or more, EC or Ed25519, and signatures by SHA-2");
}

}  // namespace

CertificateNames names_of(const x509_st& certificate) {
    const ErrorQueue errors;
    const std::unique_ptr<GENERAL_NAMES, ReleaseNames> all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    CertificateNames found;
    for (int index = 0; index < sk_GENERAL_NAME_num(all.get()); ++index) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), index);
        if (name->type == GEN_IPADD) add_address(bytes_of(name->d.iPAddress), found.addresses);
        if (name->type != GEN_DNS) continue;
        const std::string_view text = bytes_of(name->d.dNSName);
        if (text.find('\0') != std::string_view::npos) return {};
        found.names.push_back(compared_name(text));
    }
    return found;
}

Validity validity_of(const x509_st& certificate) {
    return {unix_seconds(X509_get0_notBefore(&certificate)), unix_seconds(X509_get0_notAfter(&certificate))};
}

IdentityReading IdentityReading::of(const PemFile& chain, const PemFile& key) {
    const ErrorQueue errors;
    Certificates certificates = read_certificates(chain);
    if (!certificates.fault.empty()) return {{}, std::move(certificates.fault)};
    if (certificates.found.size() > Identity::max_chain) {
        return {{}, says(chain, "found " + std::to_string(certificates.found.size()) + " certificates, expected " +
                                    std::to_string(Identity::max_chain) + " at most")};
    }
    PrivateKey read_key = read_private_key(key);
    if (!read_key.fault.empty()) return {{}, std::move(read_key.fault)};
    if (X509_check_private_key(certificates.found.front().get(), read_key.key.get()) != 1) {
        return {{}, why_unfit(chain, key, certificates, read_key.key.get())};
    }

    const std::shared_ptr<Identity> identity(new Identity);
    identity->certificate_ = std::move(certificates.found.front());
    identity->issuers_ = made<CertificatesHandle>(sk_X509_new_null());
    for (std::size_t index = 1; index < certificates.found.size(); ++index) {
        if (sk_X509_push(identity->issuers_.get(), certificates.found[index].get()) == 0) throw std::bad_alloc();
        static_cast<void>(certificates.found[index].release());
    }
    identity->key_ = std::move(read_key.key);
    std::string weak = why_too_weak(chain, identity->certificate(), identity->issuers(), identity->key());
    if (!weak.empty()) return {{}, std::move(weak)};
    identity->names_ = names_of(*identity->certificate_);
    identity->validity_ = validity_of(*identity->certificate_);
    return {identity, {}};
}

bool Identity::is_same_as(const Identity& other) const {
    if (X509_cmp(certificate(), other.certificate()) != 0 || EVP_PKEY_eq(key(), other.key()) != 1) return false;
    const int count = sk_X509_num(issuers());
    if (sk_X509_num(other.issuers()) != count) return false;
    for (int i = 0; i < count; ++i) {
        if (X509_cmp(sk_X509_value(issuers(), i), sk_X509_value(other.issuers(), i)) != 0) return false;
    }
    return true;
}

}  // namespace dproxy::tls
