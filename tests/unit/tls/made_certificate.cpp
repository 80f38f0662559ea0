// SPDX-License-Identifier: MIT
#include "unit/tls/made_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>

#include "catch.hpp"
#include "net/address.hpp"

namespace dproxy::tls {

namespace {

EVP_PKEY* make_key(KeyKind kind) {
    switch (kind) {
        case KeyKind::p256: return EVP_EC_gen("P-256");
        case KeyKind::rsa: return EVP_RSA_gen(2048);
        case KeyKind::short_rsa: return EVP_RSA_gen(1024);
        case KeyKind::ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    }
    return nullptr;
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    REQUIRE(extension);
    REQUIRE(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

void add_name(GENERAL_NAMES* names, int kind, const std::string& bytes) {
    ASN1_STRING* text = kind == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    REQUIRE(ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size())) == 1);
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, kind, text);
    REQUIRE(sk_GENERAL_NAME_push(names, name) > 0);
}

void add_names(X509* certificate, const Wanted& wanted) {
    if (wanted.names.empty() && wanted.addresses.empty()) return;
    GENERAL_NAMES* names = sk_GENERAL_NAME_new_null();
    for (const std::string& name : wanted.names) add_name(names, GEN_DNS, name);
    for (const std::string& text : wanted.addresses) {
        const net::Address address = net::Address::parse(text).value();
        const std::string bytes(address.bytes.begin(), address.bytes.end());
        add_name(names, GEN_IPADD, address.is_v4() ? bytes.substr(12) : bytes);
    }
    REQUIRE(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1);
    GENERAL_NAMES_free(names);
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(length));
    BIO_free(bio);
    return text;
}

}  // namespace

MadeCertificate make_certificate(const Wanted& wanted) {
    MadeCertificate made{{X509_new(), X509_free}, {make_key(wanted.kind), EVP_PKEY_free}};
    REQUIRE(made.key);
    X509* certificate = made.certificate.get();
    X509* issuer = wanted.issuer ? wanted.issuer->certificate.get() : certificate;
    EVP_PKEY* signer = wanted.issuer ? wanted.issuer->key.get() : made.key.get();
    X509_set_version(certificate, 2);
    std::uint32_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
    X509_time_adj_ex(X509_getm_notBefore(certificate), 0, static_cast<long>(wanted.from_now), nullptr);
    X509_time_adj_ex(X509_getm_notAfter(certificate), 0, static_cast<long>(wanted.until), nullptr);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wanted.common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, made.key.get());
    if (wanted.is_authority) add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    add_names(certificate, wanted);
    const bool is_ed25519 = EVP_PKEY_is_a(signer, "ED25519") == 1;
    REQUIRE(X509_sign(certificate, signer, is_ed25519 ? nullptr : EVP_sha256()) > 0);
    return made;
}

std::string MadeCertificate::pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate.get());
    return text_of(bio);
}

std::string MadeCertificate::key_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio);
}

std::string MadeCertificate::encrypted_key_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
    return text_of(bio);
}

std::shared_ptr<const Authorities> MadeCertificate::as_authority() const {
    const AuthoritiesReading read = AuthoritiesReading::of({"ca.crt", pem()});
    REQUIRE(read.fault == "");
    return read.authorities;
}

std::shared_ptr<const Identity> make_identity(const MadeCertificate& made, const std::string& issuers_pem) {
    const IdentityReading read =
        IdentityReading::of({"tls.crt", made.pem() + issuers_pem}, {"tls.key", made.key_pem()});
    REQUIRE(read.fault == "");
    return read.identity;
}

}  // namespace dproxy::tls
