// SPDX-License-Identifier: MIT
#include "tls/pem.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

namespace dproxy::tls {

namespace {

constexpr std::size_t label_room = 40;  // of those that there are, the longest has 26 bytes

/// What the first block of the file says that it is, or what the file looks like.
std::string what_is_there(std::string_view text) {
    constexpr std::string_view begin = "-----BEGIN ", dashes = "-----";
    if (text.empty()) return "an empty file";
    const std::size_t at = text.find(begin);
    if (at == std::string_view::npos) return "no PEM (-----BEGIN ...)";
    std::string_view label = text.substr(at + begin.size());
    label = label.substr(0, std::min(label.find(dashes), label.size()));
    const bool known = label.size() <= label_room && std::all_of(label.begin(), label.end(), [](char byte) {
        return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == ' ';
    });
    return known ? std::string(label) : "a PEM block of an unknown kind";
}

std::string fault(const PemFile& file, const std::string& found, std::string_view expected) {
    return std::string(file.name) + ": found " + found + ", expected " + std::string(expected);
}

std::string size_fault(const PemFile& file) {
    if (file.text.size() <= max_pem_bytes) return {};
    return fault(file, std::to_string(file.text.size()) + " bytes", "1 MiB at most");
}

BioHandle open(const PemFile& file) {
    return made<BioHandle>(BIO_new_mem_buf(file.text.data(), static_cast<int>(file.text.size())));
}

/// Instead of OpenSSL's own, which asks at the terminal. `asked`: a bool.
int refuse_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

bool at_end_of_file() { return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; }

}  // namespace

Certificates read_certificates(const PemFile& file) {
    constexpr std::string_view expected = "a CERTIFICATE in PEM form";
    Certificates read{{}, size_fault(file)};
    if (!read.fault.empty()) return read;
    if (file.text.empty()) return {{}, fault(file, what_is_there(file.text), expected)};
    const ErrorQueue errors;
    const BioHandle bio = open(file);
    bool asked = false;
    while (CertificateHandle next{PEM_read_bio_X509(bio.get(), nullptr, refuse_passphrase, &asked)}) {
        read.found.push_back(std::move(next));
    }
    if (!at_end_of_file()) {
        const std::string number = std::to_string(read.found.size() + 1);
        return {{}, fault(file, "certificate " + number + " broken", "base64 between its lines BEGIN and END")};
    }
    if (read.found.empty()) read.fault = fault(file, what_is_there(file.text), expected);
    return read;
}

PrivateKey read_private_key(const PemFile& file) {
    PrivateKey read{{}, size_fault(file)};
    if (!read.fault.empty()) return read;
    constexpr std::string_view expected = "a PRIVATE KEY in PEM form";
    if (file.text.empty()) return {{}, fault(file, what_is_there(file.text), expected)};
    const ErrorQueue errors;
    const BioHandle bio = open(file);
    bool asked = false;
    read.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &asked));
    if (read.key) return read;
    if (asked) {
        read.fault = fault(file, "an encrypted private key", "one without a passphrase");
    } else if (file.text.find("PRIVATE KEY-----") != std::string_view::npos) {
        read.fault = fault(file, "a private key that is broken, or of a kind that is not known", "RSA, EC or Ed25519");
    } else {
        read.fault = fault(file, what_is_there(file.text), expected);
    }
    return read;
}

}  // namespace dproxy::tls
