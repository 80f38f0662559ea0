// SPDX-License-Identifier: MIT
#include "tls/server_context.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <new>
#include <utility>

namespace dproxy::tls {

namespace {

void must(bool done) {
    if (!done) throw std::bad_alloc();
}

std::string_view asked_name(const SSL* connection) {
    const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

bool set_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
    std::array<std::uint8_t, 32> secret = key.mac;
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

}  // namespace

struct ServerContext::Callbacks {
    static const ServerContext& of(SSL* connection) {
        return *static_cast<const ServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
    }

    /// Tells the client that its name was understood where a certificate has it.
    static int acknowledge_name(SSL* connection, int*, void*) {
        const bool known = !of(connection).by_name_.find(asked_name(connection)).empty();
        return known ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
    }

    /// What is shown to others lies with the context: to take it up costs each connection a comparison of its keys.
    static int show_certificate(SSL* connection, void*) {
        const ServerContext& context = of(connection);
        const std::vector<std::size_t>& wanted = context.shown_to(asked_name(connection));
        if (wanted == context.for_others_) return SSL_get_certificate(connection) ? 1 : 0;
        SSL_certs_clear(connection);
        bool shown = false;
        for (const std::size_t index : wanted) {
            const Identity& identity = *context.options_.identities[index];
            const ErrorQueue errors;
            const int taken =
                SSL_use_cert_and_key(connection, identity.certificate(), identity.key(), identity.issuers(), 0);
            shown = shown || taken == 1;
        }
        return shown ? 1 : 0;
    }

    static int choose_protocol(SSL* connection, const unsigned char** chosen, unsigned char* length,
                               const unsigned char* offered, unsigned offered_length, void*) {
        const std::vector<std::uint8_t>& ours = of(connection).protocol_list_;
        unsigned char* choice = nullptr;
        const int found = SSL_select_next_proto(&choice, length, ours.data(), static_cast<unsigned>(ours.size()),
                                                offered, offered_length);
        *chosen = choice;
        return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
    }

    static int ticket(SSL* connection, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                      int sealing) {
        const ServerContext& context = of(connection);
        if (sealing == 1) return seal(context, name, iv, cipher, mac);
        const int opened = unseal(context, name, iv, cipher, mac);
        // A ticket of TLS 1.3 is used once (RFC 8446 C.4), so there is another for it.
        return opened == 1 && SSL_version(connection) >= TLS1_3_VERSION ? 2 : opened;
    }

    static int seal(const ServerContext& context, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac) {
        const TicketKey& key = context.options_.ticket_keys.front();
        std::copy(key.name.begin(), key.name.end(), name);
        const bool done =
            RAND_bytes(iv, EVP_CIPHER_get_iv_length(context.ticket_cipher_.get())) == 1 &&
            EVP_EncryptInit_ex2(cipher, context.ticket_cipher_.get(), key.cipher.data(), iv, nullptr) == 1 &&
            set_mac(mac, key);
        return done ? 1 : -1;
    }

    /// 0: by none of these keys, so there will be a full handshake. 2: good, and there is a newer key to seal it with.
    static int unseal(const ServerContext& context, const unsigned char* name, const unsigned char* iv,
                      EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
        const std::vector<TicketKey>& keys = context.options_.ticket_keys;
        const auto key = std::find_if(keys.begin(), keys.end(), [name](const TicketKey& each) {
            return std::equal(each.name.begin(), each.name.end(), name);
        });
        if (key == keys.end()) return 0;
        const bool done =
            EVP_DecryptInit_ex2(cipher, context.ticket_cipher_.get(), key->cipher.data(), iv, nullptr) == 1 &&
            set_mac(mac, *key);
        if (!done) return -1;
        return key == keys.begin() ? 1 : 2;
    }
};

ServerContext::ServerContext(ServerOptions options)
    : options_(std::move(options)),
      protocol_list_(protocol_list(options_.protocols)),
      context_(make_context(Side::server, options_.least)) {
    const ErrorQueue errors;
    for (std::size_t index = 0; index < options_.identities.size(); ++index) {
        const std::vector<std::string>& names = options_.identities[index]->names().names;
        for (const std::string& name : names) by_name_.add(name, index);
        // The same names with another kind of key.
        if (names == options_.identities.front()->names().names) for_others_.push_back(index);
    }
    SSL_CTX_set_app_data(context_.get(), this);
    SSL_CTX_set_cert_cb(context_.get(), Callbacks::show_certificate, nullptr);
    SSL_CTX_set_tlsext_servername_callback(context_.get(), Callbacks::acknowledge_name);
    if (!protocol_list_.empty()) SSL_CTX_set_alpn_select_cb(context_.get(), Callbacks::choose_protocol, nullptr);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
    take_certificates_for_others();
    take_client_authorities();
    take_ticket_keys();
    bind_tickets_to_options();
}

const std::vector<std::size_t>& ServerContext::shown_to(std::string_view asked_name) const noexcept {
    const std::vector<std::size_t>& named = by_name_.find(asked_name);
    return named.empty() ? for_others_ : named;
}

void ServerContext::take_certificates_for_others() {
    const ErrorQueue errors;
    for (const std::size_t index : for_others_) {
        const Identity& identity = *options_.identities[index];
        // Of two with the same kind of key the first stands.
        SSL_CTX_use_cert_and_key(context_.get(), identity.certificate(), identity.key(), identity.issuers(), 0);
    }
}

void ServerContext::take_client_authorities() {
    if (!options_.client_authorities) return;
    SSL_CTX_set1_cert_store(context_.get(), options_.client_authorities->store());
    for (const CertificateHandle& certificate : options_.client_authorities->certificates()) {
        must(SSL_CTX_add_client_CA(context_.get(), certificate.get()) == 1);
    }
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void ServerContext::take_ticket_keys() {
    if (options_.ticket_keys.empty()) {
        SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET);
        must(SSL_CTX_set_num_tickets(context_.get(), 0) == 1);
        return;
    }
    ticket_cipher_ = made<CipherHandle>(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr));
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context_.get(), Callbacks::ticket);
    must(SSL_CTX_set_num_tickets(context_.get(), tickets_each) == 1);
    SSL_CTX_set_timeout(context_.get(), ticket_lifetime);
}

/// Where one side of the house asks for certificates, a ticket of another that does not must not do instead.
void ServerContext::bind_tickets_to_options() {
    std::vector<std::uint8_t> bound = protocol_list_;
    if (options_.client_authorities) {
        for (const CertificateHandle& certificate : options_.client_authorities->certificates()) {
            std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
            unsigned length = 0;
            must(X509_digest(certificate.get(), EVP_sha256(), digest.data(), &length) == 1);
            bound.insert(bound.end(), digest.begin(), digest.begin() + length);
        }
    }
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(bound.data(), bound.size(), digest.data());
    must(SSL_CTX_set_session_id_context(context_.get(), digest.data(), digest.size()) == 1);
}

}  // namespace dproxy::tls
