// SPDX-License-Identifier: MIT
#include "tls/pin.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>
#include <string>

#include "tls/context_rules.hpp"

namespace dproxy::tls {

namespace {

constexpr std::string_view pin_beginning = "sha256/";
constexpr std::size_t pin_base64_length = 44;

/// Who issued this one, of those that were sent.
x509_st* issuer_of(x509_st& certificate, stack_st_X509* sent) {
    for (int index = 0; index < sk_X509_num(sent); ++index) {
        x509_st* const issuer = sk_X509_value(sent, index);
        if (issuer == &certificate || X509_check_issued(issuer, &certificate) != X509_V_OK) continue;
        if (X509_check_ca(issuer) == 0) continue;
        if (X509_verify(&certificate, X509_get0_pubkey(issuer)) == 1) return issuer;
    }
    return nullptr;
}

}  // namespace

std::optional<Pin> parse_pin(std::string_view text) {
    if (!text.starts_with(pin_beginning)) return std::nullopt;
    const std::string base64(text.substr(pin_beginning.size()));
    if (base64.size() != pin_base64_length || !base64.ends_with('=') || base64.ends_with("==")) return std::nullopt;
    const bool is_base64 = std::all_of(base64.begin(), base64.end() - 1, [](char byte) {
        return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
               byte == '+' || byte == '/';
    });
    if (!is_base64) return std::nullopt;
    std::array<std::uint8_t, 33> decoded{};  // with the byte that the padding stands for
    const auto* at = reinterpret_cast<const unsigned char*>(base64.data());
    if (EVP_DecodeBlock(decoded.data(), at, static_cast<int>(base64.size())) != 33) return std::nullopt;
    Pin pin{};
    std::copy_n(decoded.begin(), pin.size(), pin.begin());
    return pin;
}

Pin pin_of(const x509_st& certificate) {
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
    if (length <= 0) return {};  // which no pin is
    Pin pin{};
    const int done = EVP_Digest(der, static_cast<std::size_t>(length), pin.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    if (done != 1) throw std::bad_alloc();
    return pin;
}

bool holds_pin(x509_st& own, stack_st_X509* sent, const std::vector<Pin>& pins) {
    const ErrorQueue errors;
    x509_st* at = &own;
    for (int depth = 0; at && depth <= max_peer_chain_depth; ++depth) {
        if (std::find(pins.begin(), pins.end(), pin_of(*at)) != pins.end()) return true;
        at = issuer_of(*at, sent);
    }
    return false;
}

}  // namespace dproxy::tls
