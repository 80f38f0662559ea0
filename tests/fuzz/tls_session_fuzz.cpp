// SPDX-License-Identifier: MIT
// Whatever a peer sends, before or within a handshake or after it, a session of either side ends in a state that says
// so, and leaves nothing behind in OpenSSL's queue of errors. The first byte of the input says what happens to the
// rest: it is sent to a server or to a client that expects a handshake; it changes the bytes that two sessions say to
// each other, four of it for each change: where, and by what; or it is what a peer sends that shook hands well.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "tls/client_context.hpp"
#include "tls/server_context.hpp"
#include "tls/session.hpp"

using namespace dproxy;
using namespace dproxy::tls;

namespace {

using State = io::StreamFilter::State;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(length));
    BIO_free(bio);
    return text;
}

std::shared_ptr<const Identity> make_identity() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(certificate), 3650, 0, nullptr);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    BIO* chain = BIO_new(BIO_s_mem());
    BIO* secret = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(chain, certificate);
    PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(certificate);
    EVP_PKEY_free(key);
    const std::string chain_text = text_of(chain), key_text = text_of(secret);
    return IdentityReading::of({"tls.crt", chain_text}, {"tls.key", key_text}).identity;
}

/// Made once: they are immutable.
struct Contexts {
    std::shared_ptr<const ServerContext> server = std::make_shared<ServerContext>(
        ServerOptions{.identities = {make_identity()}, .protocols = {"dot"}, .ticket_keys = OwnTicketKeys(0).keys()});
    std::shared_ptr<const ClientContext> client =
        std::make_shared<ClientContext>(ClientOptions{.name = "server.example", .protocols = {"dot"}});
};

void must_be_sound(Session& session) {
    std::vector<std::uint8_t> room(1024);
    while (session.read(room) != 0) MUST_HOLD(session.state() == State::open);
    MUST_HOLD((session.state() == State::failed) == (session.verdict().failure != Failure::none));
    MUST_HOLD(session.held_bytes() < 512 * 1024);
    MUST_HOLD(ERR_peek_error() == 0);
}

/// Some bytes of what the one has for the other are changed as `changes` says.
bool carry(Session& from, Session& to, dns::Bytes& changes, std::size_t& carried) {
    std::vector<std::uint8_t> bytes;
    from.fetch(bytes);
    if (bytes.empty()) return false;
    while (changes.size() >= 4) {
        const std::size_t at = std::size_t{changes[0]} << 16 | std::size_t{changes[1]} << 8 | changes[2];
        if (at >= carried + bytes.size()) break;
        if (at >= carried) bytes[at - carried] ^= changes[3];
        changes = changes.subspan(4);
    }
    carried += bytes.size();
    to.take(bytes);
    must_be_sound(to);
    return true;
}

void converse(Session& client, Session& server, dns::Bytes changes_of_client, dns::Bytes changes_of_server) {
    std::size_t by_client = 0, by_server = 0;
    for (bool said = true; said;) {
        said = carry(client, server, changes_of_client, by_client);
        said = carry(server, client, changes_of_server, by_server) || said;
    }
}

void send(Session& session, dns::Bytes bytes) {
    // Whole and then in pieces of other lengths: what is cut in the middle waits.
    for (std::size_t piece = bytes.size() / 2 + 1; !bytes.empty(); piece = piece / 2 + 1) {
        const std::size_t count = std::min(piece, bytes.size());
        session.take(bytes.first(count));
        must_be_sound(session);
        bytes = bytes.subspan(count);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Contexts contexts;
    if (size == 0) return 0;
    const dns::Bytes input(data + 1, size - 1);
    Session server(contexts.server), client(contexts.client, nullptr);
    switch (data[0] % 6) {
        case 0:
            send(server, input);
            MUST_HOLD(server.state() != State::open);
            break;
        case 1:
            send(client, input);
            MUST_HOLD(client.state() != State::open);
            break;
        case 2: converse(client, server, input, {}); break;
        case 3: converse(client, server, {}, input); break;
        case 4:
            converse(client, server, {}, {});
            MUST_HOLD(server.state() == State::open && client.state() == State::open);
            send(server, input);
            break;
        default:
            converse(client, server, {}, {});
            send(client, input);
            break;
    }
    return 0;
}
