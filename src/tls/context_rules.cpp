// SPDX-License-Identifier: MIT
// Held by tests/unit/tls/session_test.cpp, tests/unit/tls/server_context_test.cpp.
#include "tls/context_rules.hpp"

#include <openssl/ssl.h>

#include <cassert>
#include <new>

namespace dproxy::tls {

namespace {

void must(bool done) {
    if (!done) throw std::bad_alloc();
}

void set_ciphers(SSL_CTX* context) {
    must(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
    must(SSL_CTX_set_ciphersuites(
             context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1);
    // No P-521, no X448: a client must not choose what costs a server most. No hybrid with ML-KEM either, which OpenSSL
    // 3.5 has: its key stays for the connection's life, 7 kB of 28.
    must(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1);
}

}  // namespace

ContextHandle make_context(Side side, Version least) {
    const ErrorQueue errors;
    const bool is_server = side == Side::server;
    ContextHandle handle = made<ContextHandle>(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
    SSL_CTX* context = handle.get();
    must(SSL_CTX_set_min_proto_version(context, least == Version::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1);
    std::uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                            SSL_OP_PRIORITIZE_CHACHA;
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
    options |= SSL_OP_NO_RX_CERTIFICATE_COMPRESSION | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION;
#endif
    SSL_CTX_set_options(context, options);
    // Messages are written when they are whole, from memory that may move meanwhile.
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    // What has come is taken at once. Else each record is read in two pieces, and has a buffer of its own made for it.
    SSL_CTX_set_read_ahead(context, 1);
    must(SSL_CTX_set_max_early_data(context, 0) == 1);
    SSL_CTX_set_max_cert_list(context, static_cast<long>(max_peer_chain_bytes));
    SSL_CTX_set_verify_depth(context, max_peer_chain_depth);
    set_ciphers(context);
    return handle;
}

std::vector<std::uint8_t> protocol_list(const std::vector<std::string>& protocols) {
    std::vector<std::uint8_t> list;
    for (const std::string& protocol : protocols) {
        assert(!protocol.empty() && protocol.size() <= 0xff);
        list.push_back(static_cast<std::uint8_t>(protocol.size()));
        list.insert(list.end(), protocol.begin(), protocol.end());
    }
    return list;
}

}  // namespace dproxy::tls
