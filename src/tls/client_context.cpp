// SPDX-License-Identifier: MIT
#include "tls/client_context.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cassert>
#include <new>
#include <utility>

#include "tls/name_choice.hpp"
#include "tls/session.hpp"

namespace dproxy::tls {

namespace {

void must(bool done) {
    if (!done) throw std::bad_alloc();
}

}  // namespace

struct ClientContext::Callbacks {
    /// In the place of OpenSSL's own check of a chain, which is part of it.
    static int verify(X509_STORE_CTX* chain, void* of) {
        const ClientOptions& options = static_cast<const ClientContext*>(of)->options_;
        if (options.authorities && X509_verify_cert(chain) != 1) return 0;
        if (options.pins.empty() || has_pin(chain, options.pins)) return 1;
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }

    static bool has_pin(X509_STORE_CTX* chain, const std::vector<Pin>& pins) {
        // Where an authority vouches, its own key counts too, which servers do not send.
        STACK_OF(X509)* verified = X509_STORE_CTX_get0_chain(chain);
        STACK_OF(X509)* others = sk_X509_num(verified) > 0 ? verified : X509_STORE_CTX_get0_untrusted(chain);
        try {
            return holds_pin(*X509_STORE_CTX_get0_cert(chain), others, pins);
        } catch (const std::bad_alloc&) {
            return false;  // an exception must not pass through OpenSSL
        }
    }
};

ClientContext::ClientContext(ClientOptions options)
    : options_(std::move(options)), context_(make_context(Side::client, options_.least)) {
    const ErrorQueue errors;
    expect_name();
    take_authorities();
    if (options_.identity) {
        const Identity& own = *options_.identity;
        must(SSL_CTX_use_cert_and_key(context_.get(), own.certificate(), own.key(), own.issuers(), 1) == 1);
    }
    const std::vector<std::uint8_t> protocols = protocol_list(options_.protocols);
    if (!protocols.empty()) {
        must(SSL_CTX_set_alpn_protos(context_.get(), protocols.data(), static_cast<unsigned>(protocols.size())) == 0);
    }
    // Sessions keep what they get in the store of their owner.
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), Session::keep_ticket);
}

void ClientContext::expect_name() {
    X509_VERIFY_PARAM* expected = SSL_CTX_get0_param(context_.get());
    X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (const auto address = net::Address::parse(options_.name)) {
        const std::uint8_t* bytes = address->bytes.data();
        const bool is_v4 = address->is_v4();
        must(X509_VERIFY_PARAM_set1_ip(expected, is_v4 ? bytes + 12 : bytes, is_v4 ? 4 : 16) == 1);
        return;
    }
    sent_name_ = compared_name(options_.name);
    assert(!sent_name_.empty() || !options_.authorities);  // whom else would any certificate be good for
    must(X509_VERIFY_PARAM_set1_host(expected, sent_name_.data(), sent_name_.size()) == 1);
}

void ClientContext::take_authorities() {
    if (options_.authorities) SSL_CTX_set1_cert_store(context_.get(), options_.authorities->store());
    const bool verifies = options_.authorities || !options_.pins.empty();
    SSL_CTX_set_verify(context_.get(), verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_cert_verify_callback(context_.get(), Callbacks::verify, this);
}

}  // namespace dproxy::tls
