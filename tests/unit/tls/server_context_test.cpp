// SPDX-License-Identifier: MIT
#include "tls/server_context.hpp"

#include <openssl/err.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"
#include "unit/tls/talk.hpp"

using namespace dproxy;
using namespace dproxy::tls;

namespace {

using Identities = std::vector<std::shared_ptr<const Identity>>;

/// The key that a client which asks for `name` is shown; nothing where it is not served.
std::string key_shown(const ServerContext& context, const std::string& name, const char* signatures = nullptr) {
    Session server(std::shared_ptr<const ServerContext>(&context, [](const ServerContext*) {}));
    RawPeer client(Side::client);
    if (!name.empty()) SSL_set_tlsext_host_name(client.connection.get(), name.c_str());
    if (signatures) SSL_set1_sigalgs_list(client.connection.get(), signatures);
    const bool open = client.shake(server);
    ERR_clear_error();
    if (!open) return {};
    const std::unique_ptr<x509_st, Release> shown(SSL_get1_peer_certificate(client.connection.get()));
    const Pin pin = pin_of(*shown);
    return std::string(pin.begin(), pin.end());
}

std::string key_of(const std::shared_ptr<const Identity>& identity) {
    const Pin pin = pin_of(*identity->certificate());
    return std::string(pin.begin(), pin.end());
}

std::vector<TicketKey> ticket_keys(std::initializer_list<std::uint8_t> seeds) {
    std::vector<TicketKey> keys;
    for (const std::uint8_t seed : seeds) keys.push_back(*TicketKey::parse(std::vector<std::uint8_t>(80, seed)));
    return keys;
}

}  // namespace

TEST_CASE("the certificate is chosen by the name that is asked for", "[server_context]") {
    const Authority authority;
    const Identities identities{authority.identity({"first.example"}), authority.identity({"*.wild.example"}),
                                authority.identity({"exact.wild.example", "other.example"}),
                                make_identity(authority.issue({.common_name = "cn.example"}))};
    const ServerContext context({.identities = identities});
    CHECK(key_shown(context, "") == key_of(identities[0]));
    CHECK(key_shown(context, "first.example") == key_of(identities[0]));
    CHECK(key_shown(context, "any.wild.example") == key_of(identities[1]));
    CHECK(key_shown(context, "EXACT.wild.example") == key_of(identities[2]));
    CHECK(key_shown(context, "other.example") == key_of(identities[2]));
    CHECK(key_shown(context, "a.any.wild.example") == key_of(identities[0]));
    CHECK(key_shown(context, "unknown.example") == key_of(identities[0]));
    CHECK(key_shown(context, "cn.example") == key_of(identities[0]));
}

TEST_CASE("of one name with several kinds of keys the client has the choice", "[server_context]") {
    const Authority authority;
    const Identities identities{authority.identity({"a.example"}),
                                make_identity(authority.issue({.names = {"a.example"}, .kind = KeyKind::rsa})),
                                authority.identity({"a.example"})};
    const ServerContext context({.identities = identities});
    for (const char* name : {"a.example", "", "unknown.example"}) {
        CHECK(key_shown(context, name, "ECDSA+SHA256") == key_of(identities[0]));
        CHECK(key_shown(context, name, "RSA-PSS+SHA256") == key_of(identities[1]));
    }
}

TEST_CASE("without a certificate every handshake is refused", "[server_context]") {
    const auto context = std::make_shared<ServerContext>(ServerOptions{});
    Session server(context);
    RawPeer client(Side::client);
    CHECK_FALSE(client.shake(server));
    CHECK(server.verdict().failure == Failure::no_certificate);
    ERR_clear_error();
}

TEST_CASE("the application's protocol is agreed on, or none, or there is no session", "[server_context]") {
    const Authority authority;
    const auto server = [&](const std::vector<std::string>& protocols) {
        return std::make_shared<ServerContext>(
            ServerOptions{.identities = {authority.identity({"server.example"})}, .protocols = protocols});
    };
    const auto client = [&](const std::vector<std::string>& protocols) {
        return std::make_shared<ClientContext>(ClientOptions{
            .name = "server.example", .authorities = authority.own.as_authority(), .protocols = protocols});
    };
    Talk best(server({"h2", "http/1.1"}), client({"http/1.1", "h2"}));
    CHECK(best.run().is_open());
    CHECK(best.server.protocol() == "h2");
    Talk unasked(server({"dot"}), client({}));
    CHECK(unasked.run().is_open());
    CHECK(unasked.server.protocol() == "");
    Talk unheard(server({}), client({"dot"}));
    CHECK(unheard.run().is_open());
    CHECK(unheard.client.protocol() == "");
    Talk strangers(server({"dot"}), client({"h2"}));
    strangers.run();
    CHECK(strangers.server.verdict().failure == Failure::protocol);
    CHECK(strangers.client.verdict().failure == Failure::protocol);
}

TEST_CASE("a client shows a certificate of the right authority where it must", "[server_context]") {
    const Authority ours, clients, strangers;
    const Version least = GENERATE(Version::tls12, Version::tls13);
    const auto server = std::make_shared<ServerContext>(ServerOptions{.identities = {ours.identity({"server.example"})},
                                                                      .client_authorities = clients.own.as_authority(),
                                                                      .least = least});
    const auto client = [&](std::shared_ptr<const Identity> identity) {
        return std::make_shared<ClientContext>(ClientOptions{
            .name = "server.example", .authorities = ours.own.as_authority(), .identity = std::move(identity)});
    };
    Talk good(server, client(clients.identity({"client.example"})));
    CHECK(good.run().is_open());
    Talk none(server, client(nullptr));
    none.run();
    CHECK(none.server.verdict().failure == Failure::client_certificate);
    CHECK(none.client.state() == State::failed);
    CHECK(none.client.verdict().failure == Failure::client_certificate);
    Talk stranger(server, client(strangers.identity({"client.example"})));
    stranger.run();
    CHECK(stranger.server.verdict().failure == Failure::authority);
    CHECK(stranger.server.verdict().text.starts_with("the client's certificate: "));
    Talk late(server, client(make_identity(clients.issue({.from_now = -200, .until = -100}))));
    late.run();
    CHECK(late.server.verdict().failure == Failure::expired);
    CHECK(late.client.verdict().failure == Failure::alert);
}

TEST_CASE("a session is resumed by any context with the same ticket keys", "[server_context]") {
    const Authority authority;
    const auto identity = authority.identity({"server.example"});
    const auto server = [&](std::vector<TicketKey> keys) {
        return std::make_shared<ServerContext>(ServerOptions{.identities = {identity}, .ticket_keys = std::move(keys)});
    };
    const auto client = std::make_shared<ClientContext>(
        ClientOptions{.name = "server.example", .authorities = authority.own.as_authority()});
    const auto tickets = std::make_shared<TicketStore>();
    Talk first(server(ticket_keys({1})), client, tickets);
    CHECK(first.run().is_open());
    CHECK_FALSE(first.server.is_resumed());
    CHECK(tickets->size() == ServerContext::tickets_each);

    SECTION("of another replica") {
        Talk second(server(ticket_keys({1})), client, tickets);
        CHECK(second.run().is_open());
        CHECK(second.server.is_resumed());
        CHECK(second.client.is_resumed());
    }
    SECTION("after the keys were rotated") {
        Talk second(server(ticket_keys({2, 1})), client, tickets);
        CHECK(second.run().is_open());
        CHECK(second.server.is_resumed());
    }
    SECTION("not by others") {
        Talk second(server(ticket_keys({2})), client, tickets);
        CHECK(second.run().is_open());
        CHECK_FALSE(second.server.is_resumed());
    }
    SECTION("not where there are none") {
        Talk second(server({}), client, tickets);
        CHECK(second.run().is_open());
        CHECK_FALSE(second.server.is_resumed());
    }
    SECTION("not past the question for a certificate") {
        const auto asks = std::make_shared<ServerContext>(ServerOptions{.identities = {identity},
            .client_authorities = authority.own.as_authority(), .ticket_keys = ticket_keys({1})});
        Talk second(asks, client, tickets);
        second.run();
        CHECK(second.server.verdict().failure == Failure::client_certificate);
    }
}

TEST_CASE("a session of TLS 1.2 is resumed too, and its ticket renewed", "[server_context]") {
    const Authority authority;
    const auto identity = authority.identity({"server.example"});
    const auto context = std::make_shared<ServerContext>(
        ServerOptions{.identities = {identity}, .ticket_keys = ticket_keys({1})});
    const auto rotated = std::make_shared<ServerContext>(
        ServerOptions{.identities = {identity}, .ticket_keys = ticket_keys({2, 1})});
    ResumableHandle kept;
    for (const auto& each : {context, rotated, rotated}) {
        Session server(each);
        RawPeer client(Side::client, TLS1_2_VERSION, TLS1_2_VERSION);
        if (kept) SSL_set_session(client.connection.get(), kept.get());
        REQUIRE(client.shake(server));
        CHECK(server.is_resumed() == (kept != nullptr));
        SSL_set_shutdown(client.connection.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        kept.reset(SSL_get1_session(client.connection.get()));
    }
}
