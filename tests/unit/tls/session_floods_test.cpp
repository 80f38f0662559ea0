// SPDX-License-Identifier: MIT
// What a peer that shook hands may do without data, and how often.
#include <openssl/err.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"
#include "unit/tls/talk.hpp"

using namespace dproxy;
using namespace dproxy::tls;

namespace {

struct Fixture {
    Authority authority{};
    std::shared_ptr<const ServerContext> server = std::make_shared<ServerContext>(
        ServerOptions{.identities = {authority.identity({"server.example"})}});
    std::shared_ptr<const ClientContext> client =
        std::make_shared<ClientContext>(ClientOptions{.name = "server.example"});
};

}  // namespace

TEST_CASE("keys are changed a few times, not for ever", "[session_floods]") {
    const Fixture given;
    Session server(given.server);
    RawPeer client(Side::client);
    REQUIRE(client.shake(server));
    std::size_t changes = 0;
    for (; changes < 100 && server.state() == State::open; ++changes) {
        SSL_key_update(client.connection.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(client.connection.get());
        server.take(client.fetch());
        read_all(server);
    }
    CHECK(changes == Session::max_messages_without_data + 1);
    CHECK(server.state() == State::failed);
    CHECK(server.verdict().failure == Failure::flood);
}

TEST_CASE("a flood of key changes that comes at once is not worked through", "[session_floods]") {
    const Fixture given;
    Session server(given.server);
    RawPeer client(Side::client);
    REQUIRE(client.shake(server));
    for (int change = 0; change < 1000; ++change) {
        SSL_key_update(client.connection.get(), SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(client.connection.get());
    }
    SSL_write(client.connection.get(), "x", 1);
    server.take(client.fetch());
    CHECK(read_all(server).empty());
    CHECK(server.verdict().failure == Failure::flood);
    CHECK(server.verdict().text == "more than 32 messages after the handshake that are not data");
}

TEST_CASE("a server cannot send tickets for ever", "[session_floods]") {
    const Fixture given;
    const auto tickets = std::make_shared<TicketStore>();
    Session client(given.client, tickets);
    RawPeer server(Side::server);
    const auto identity = given.authority.identity({"server.example"});
    SSL_use_cert_and_key(server.connection.get(), identity->certificate(), identity->key(), nullptr, 1);
    REQUIRE(server.shake(client));
    for (int ticket = 0; ticket < 100; ++ticket) {
        SSL_new_session_ticket(server.connection.get());
        SSL_do_handshake(server.connection.get());
        client.take(server.fetch());
        read_all(client);
    }
    CHECK(client.verdict().failure == Failure::flood);
    CHECK(tickets->size() == TicketStore::max_tickets);
    ERR_clear_error();
}
