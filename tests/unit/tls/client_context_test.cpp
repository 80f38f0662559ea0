// SPDX-License-Identifier: MIT
#include "tls/client_context.hpp"

#include <openssl/err.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"
#include "unit/tls/talk.hpp"

using namespace dproxy;
using namespace dproxy::tls;

namespace {

/// What a client says of a server that shows this certificate.
Verdict verdict_on_server(const MadeCertificate& shown, ClientOptions options, const std::string& issuers_pem = {}) {
    const auto server =
        std::make_shared<ServerContext>(ServerOptions{.identities = {make_identity(shown, issuers_pem)}});
    Talk talk(server, std::make_shared<ClientContext>(std::move(options)));
    talk.run();
    CHECK(ERR_peek_error() == 0);
    if (talk.client.state() == State::failed) CHECK(talk.server.verdict().failure == Failure::alert);
    return talk.client.verdict();
}

}  // namespace

TEST_CASE("a server's certificate is for the name, by its authority, and valid now", "[client_context]") {
    const Authority authority, stranger;
    const auto verdict = [&](const MadeCertificate& shown, const std::string& name = "server.example") {
        return verdict_on_server(shown, {.name = name, .authorities = authority.own.as_authority()}).failure;
    };
    const std::string nul("server.example\0.evil.example", 28);
    CHECK(verdict(authority.issue({.names = {"server.example"}})) == Failure::none);
    CHECK(verdict(authority.issue({.names = {"other.example", "SERVER.example"}}), "Server.Example.") == Failure::none);
    CHECK(verdict(authority.issue({.names = {"*.server.example"}}), "dns.server.example") == Failure::none);
    CHECK(verdict(authority.issue({.names = {"*.server.example"}}), "a.dns.server.example") == Failure::name);
    CHECK(verdict(authority.issue({.names = {"other.example"}})) == Failure::name);
    CHECK(verdict(authority.issue({.names = {"*.server.example"}})) == Failure::name);
    CHECK(verdict(authority.issue({.names = {"ser*.example"}})) == Failure::name);
    CHECK(verdict(authority.issue({.common_name = "server.example"})) == Failure::name);
    CHECK(verdict(authority.issue({.common_name = "server.example", .names = {"other.example"}})) == Failure::name);
    CHECK(verdict(authority.issue({.names = {nul}})) == Failure::name);
    CHECK(verdict(authority.issue({.names = {"server.example"}, .from_now = -200, .until = -100})) == Failure::expired);
    CHECK(verdict(authority.issue({.names = {"server.example"}, .from_now = 3600})) == Failure::not_yet_valid);
    CHECK(verdict(stranger.issue({.names = {"server.example"}})) == Failure::authority);
    CHECK(verdict(make_certificate({.names = {"server.example"}})) == Failure::authority);
}

TEST_CASE("an address is looked for among the addresses, and not sent as a name", "[client_context]") {
    const Authority authority;
    const std::string address = GENERATE(std::string("192.0.2.1"), std::string("2001:db8::1"));
    const ClientOptions options{.name = address, .authorities = authority.own.as_authority()};
    CHECK(ClientContext(options).sent_name() == "");
    CHECK(verdict_on_server(authority.issue({.addresses = {address}}), options).failure == Failure::none);
    CHECK(verdict_on_server(authority.issue({.addresses = {"192.0.2.2"}}), options).failure == Failure::name);
    CHECK(verdict_on_server(authority.issue({.names = {address}}), options).failure == Failure::name);
}

TEST_CASE("a server's own certificate may be named instead of an authority", "[client_context]") {
    const Authority authority;
    const MadeCertificate shown = GENERATE_COPY(authority.issue({.names = {"server.example"}}),
                                                make_certificate({.names = {"server.example"}}));
    const ClientOptions options{.name = "server.example", .authorities = shown.as_authority()};
    CHECK(verdict_on_server(shown, options).failure == Failure::none);
}

TEST_CASE("with nobody to believe everything is taken", "[client_context]") {
    CHECK(verdict_on_server(make_certificate({.until = -100}), {.name = "server.example"}).failure == Failure::none);
}

TEST_CASE("a pin is looked for, whatever the authority says", "[client_context]") {
    const Authority authority, stranger;
    const MadeCertificate shown = authority.issue({.names = {"server.example"}});
    const auto verdict = [&](std::shared_ptr<const Authorities> authorities, const MadeCertificate& pinned,
                             const std::string& beside = {}) {
        const ClientOptions options{
            .name = "server.example", .authorities = std::move(authorities), .pins = {pin_of(*pinned.certificate)}};
        return verdict_on_server(shown, options, beside).failure;
    };
    CHECK(verdict(authority.own.as_authority(), shown) == Failure::none);
    CHECK(verdict(authority.own.as_authority(), authority.own) == Failure::none);
    CHECK(verdict(authority.own.as_authority(), stranger.own) == Failure::pin);
    CHECK(verdict(stranger.own.as_authority(), shown) == Failure::authority);
    CHECK(verdict(nullptr, shown) == Failure::none);
    CHECK(verdict(nullptr, authority.own, authority.own.pem()) == Failure::none);
    CHECK(verdict(nullptr, stranger.own, stranger.own.pem()) == Failure::pin);
}

TEST_CASE("a certificate is shown where the server asks for one", "[client_context]") {
    const Authority authority;
    const auto own = authority.identity({"client.example"});
    const auto server = std::make_shared<ServerContext>(ServerOptions{
        .identities = {authority.identity({"server.example"})}, .client_authorities = authority.own.as_authority()});
    Talk talk(server, std::make_shared<ClientContext>(ClientOptions{
        .name = "server.example", .authorities = authority.own.as_authority(), .identity = own}));
    CHECK(talk.run().is_open());
}

TEST_CASE("tickets are kept by their owner and used once", "[client_context]") {
    const Authority authority;
    OwnTicketKeys keys(0);
    const auto server = std::make_shared<ServerContext>(
        ServerOptions{.identities = {authority.identity({"server.example"})}, .ticket_keys = keys.keys()});
    const auto client = std::make_shared<ClientContext>(
        ClientOptions{.name = "server.example", .authorities = authority.own.as_authority()});
    const auto tickets = std::make_shared<TicketStore>();
    { CHECK(Talk(server, client, tickets).run().is_open()); }
    REQUIRE(tickets->size() == ServerContext::tickets_each);
    for (int connection = 0; connection < 5; ++connection) {
        Talk talk(server, client, tickets);
        CHECK(talk.run().is_open());
        CHECK(talk.client.is_resumed());
        CHECK(tickets->size() == ServerContext::tickets_each);
    }
    Talk without(server, client);
    CHECK(without.run().is_open());
    CHECK_FALSE(without.client.is_resumed());
}
