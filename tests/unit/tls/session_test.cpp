// SPDX-License-Identifier: MIT
#include "tls/session.hpp"

#include <malloc.h>
#include <openssl/err.h>

#include "catch.hpp"
#include "unit/tls/made_certificate.hpp"
#include "unit/tls/talk.hpp"

// OpenSSL since 3.2 has 4 kB more for each direction.
constexpr std::size_t idle_bytes = OPENSSL_VERSION_NUMBER < 0x30200000L ? 20'000 : 24'000;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DPROXY_TEST_SANITIZED
#endif
#endif
#if !defined(DPROXY_TEST_SANITIZED) && !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)
#define DPROXY_TEST_COUNTS_MEMORY  // the C library's own count is there
#endif

using namespace dproxy;
using namespace dproxy::tls;

namespace {

struct Fixture {
    Authority authority{};
    std::shared_ptr<const ServerContext> server = std::make_shared<ServerContext>(
        ServerOptions{.identities = {authority.identity({"server.example"})}, .protocols = {"dot"}});
    std::shared_ptr<const ClientContext> client = std::make_shared<ClientContext>(ClientOptions{
        .name = "server.example", .authorities = authority.own.as_authority(), .protocols = {"dot"}});
};

std::vector<std::uint8_t> fetched(Session& session) {
    std::vector<std::uint8_t> bytes;
    session.fetch(bytes);
    return bytes;
}

}  // namespace

TEST_CASE("what one side means is what the other reads, whole and byte by byte", "[session]") {
    const Fixture given;
    const std::size_t piece = GENERATE(as<std::size_t>(), 1, 7, Talk::whole);
    Talk talk(given.server, given.client);
    talk.run(piece);
    REQUIRE(talk.is_open());
    CHECK(talk.client.version() == "TLSv1.3");
    CHECK(talk.client.protocol() == "dot");
    CHECK(talk.server.protocol() == "dot");
    CHECK(talk.server.asked_name() == "server.example");
    CHECK_FALSE(talk.client.is_resumed());

    const std::string question(300, 'q'), answer(40'000, 'a');
    talk.client.write(bytes_of(question));
    talk.server.write(bytes_of(answer));
    talk.server.write({});
    talk.run(piece);
    CHECK(talk.heard_by_server == question);
    CHECK(talk.heard_by_client == answer);
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a side that says farewell is heard, and can still be written to", "[session]") {
    const Fixture given;
    Talk talk(given.server, given.client);
    talk.run();
    talk.client.write(bytes_of("last question"));
    talk.client.finish();
    talk.client.finish();
    talk.run();
    CHECK(talk.heard_by_server == "last question");
    CHECK(talk.server.state() == State::ended);
    CHECK(talk.client.state() == State::open);
    talk.server.write(bytes_of("last answer"));
    talk.server.finish();
    talk.run();
    CHECK(talk.heard_by_client == "last answer");
    CHECK(talk.client.state() == State::ended);
    CHECK(talk.server.verdict().failure == Failure::none);
}

TEST_CASE("what is no TLS fails, and leaves no error behind", "[session]") {
    const Fixture given;
    Session server(given.server);
    CHECK(fetched(server).empty());
    const std::string said = GENERATE(std::string("GET / HTTP/1.1\r\n\r\n"), std::string(400, '\0'),
                                      std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\xff", 10),
                                      std::string(70'000, 'x'));
    server.take(bytes_of(said));
    CHECK(read_all(server).empty());
    CHECK(server.state() == State::failed);
    CHECK(server.verdict().failure == Failure::malformed);
    CHECK_FALSE(server.verdict().text.empty());
    CHECK(ERR_peek_error() == 0);
    server.take(bytes_of("more"));
    server.finish();
    CHECK(server.state() == State::failed);
}

TEST_CASE("a handshake that is cut short waits", "[session]") {
    const Fixture given;
    Talk talk(given.server, given.client);
    const std::vector<std::uint8_t> hello = fetched(talk.client);
    talk.server.take(dns::Bytes(hello).first(hello.size() - 1));
    CHECK(talk.server.state() == State::opening);
    CHECK(fetched(talk.server).empty());
    talk.server.finish();
    CHECK(talk.server.state() == State::opening);
}

TEST_CASE("a byte that was changed on the way ends it", "[session]") {
    const Fixture given;
    Talk talk(given.server, given.client);
    talk.run();
    talk.client.write(bytes_of("question"));
    std::vector<std::uint8_t> bytes = fetched(talk.client);
    bytes.back() ^= 1;
    talk.server.take(bytes);
    CHECK(read_all(talk.server).empty());
    CHECK(talk.server.state() == State::failed);
    CHECK(talk.server.verdict().failure == Failure::malformed);
    const std::vector<std::uint8_t> alert = fetched(talk.server);
    CHECK_FALSE(alert.empty());
    talk.client.take(alert);
    read_all(talk.client);
    CHECK(talk.client.verdict().failure == Failure::alert);
    CHECK(talk.client.verdict().text == "the peer's alert: bad record mac");
}

TEST_CASE("versions before 1.2 are refused, and 1.2 where 1.3 is asked for", "[session]") {
    const Fixture given;
    const int version = GENERATE(TLS1_VERSION, TLS1_1_VERSION);
    SECTION("of clients") {
        Session server(given.server);
        RawPeer old(Side::client, version, version);
        CHECK_FALSE(old.shake(server));
        CHECK(server.verdict().failure == Failure::version);
    }
    SECTION("of servers") {
        Session client(given.client, nullptr);
        RawPeer old(Side::server, version, version);
        CHECK_FALSE(old.shake(client));
        CHECK(client.verdict().failure == Failure::version);
    }
    SECTION("1.2") {
        const auto newest = std::make_shared<ServerContext>(ServerOptions{
            .identities = {given.authority.identity({"server.example"})}, .least = Version::tls13});
        Session server(newest), other(given.server);
        RawPeer old(Side::client, TLS1_2_VERSION, TLS1_2_VERSION), same(Side::client, TLS1_2_VERSION, TLS1_2_VERSION);
        CHECK_FALSE(old.shake(server));
        CHECK(server.verdict().failure == Failure::version);
        CHECK(same.shake(other));
        CHECK(other.version() == "TLSv1.2");
    }
}

TEST_CASE("a wish to renegotiate is refused", "[session]") {
    const Fixture given;
    Session server(given.server);
    RawPeer client(Side::client, TLS1_2_VERSION, TLS1_2_VERSION);
    REQUIRE(client.shake(server));
    REQUIRE(SSL_renegotiate(client.connection.get()) == 1);
    SSL_do_handshake(client.connection.get());
    server.take(client.fetch());
    read_all(server);
    client.give(fetched(server));
    CHECK(SSL_do_handshake(client.connection.get()) != 1);
    CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION);
    ERR_clear_error();
}

TEST_CASE("nothing may be sent before a handshake is over, and nothing is compressed", "[session]") {
    const Authority authority;
    const auto context = std::make_shared<ServerContext>(ServerOptions{
        .identities = {authority.identity({"server.example"})}, .ticket_keys = OwnTicketKeys(0).keys()});
    Session server(context);
    RawPeer client(Side::client);
    REQUIRE(client.shake(server));
    char byte = 0;
    CHECK(SSL_read(client.connection.get(), &byte, 1) <= 0);  // takes the ticket
    SSL_SESSION* ticket = SSL_get0_session(client.connection.get());
    CHECK(SSL_SESSION_has_ticket(ticket) == 1);
    CHECK(SSL_SESSION_get_max_early_data(ticket) == 0);
    CHECK(SSL_get_current_compression(client.connection.get()) == nullptr);
    ERR_clear_error();
}

TEST_CASE("what a session holds is told, and it is little when it is idle", "[session]") {
    const Fixture given;
    Talk talk(given.server, given.client);
    CHECK(talk.server.held_bytes() > 20 * 1024);
    talk.run();
    talk.server.write(bytes_of(std::string(60'000, 'a')));
    CHECK(talk.server.held_bytes() > 60'000);
    talk.run();
    CHECK(talk.server.held_bytes() < idle_bytes);
    CHECK(talk.client.held_bytes() < idle_bytes);
    SECTION("a record that is not there wholly") {
        talk.client.write(bytes_of(std::string(10'000, 'q')));
        const std::vector<std::uint8_t> record = fetched(talk.client);
        talk.server.take(dns::Bytes(record).first(5'000));
        CHECK(read_all(talk.server).empty());
        CHECK(talk.server.held_bytes() > 30 * 1024);
    }
}

#ifdef DPROXY_TEST_COUNTS_MEMORY
TEST_CASE("what idle sessions say that they hold is what they hold", "[session]") {
    const Fixture given;
    constexpr std::size_t count = 100;
    std::vector<std::unique_ptr<Session>> servers;
    std::size_t said = 0;
    for (std::size_t index = 0; index < count; ++index) {
        auto server = std::make_unique<Session>(given.server);
        RawPeer client(Side::client);
        REQUIRE(client.shake(*server));
        said += server->held_bytes();
        servers.push_back(std::move(server));
    }
    const std::size_t before = mallinfo2().uordblks;
    servers.clear();
    const std::size_t held = before - mallinfo2().uordblks;
    CHECK(held / count < idle_bytes);
    CHECK(said > held * 3 / 4);
    CHECK(said < held * 3 / 2);
}
#endif
