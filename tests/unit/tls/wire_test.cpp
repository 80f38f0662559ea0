// SPDX-License-Identifier: MIT
#include "tls/wire.hpp"

#include <openssl/bio.h>

#include <array>
#include <string>

#include "catch.hpp"

using namespace dproxy::tls;

namespace {

std::vector<std::uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

TEST_CASE("bytes are read in the order in which they came, and then there are none yet", "[wire]") {
    Wire wire;
    const BioHandle bio = wire.open();
    std::array<char, 4> room{};
    CHECK(BIO_read(bio.get(), room.data(), 4) <= 0);
    CHECK(BIO_should_retry(bio.get()));
    wire.give(bytes("abc"));
    wire.give(bytes("def"));
    CHECK(wire.unread() == 6);
    REQUIRE(BIO_read(bio.get(), room.data(), 4) == 4);
    CHECK(std::string(room.data(), 4) == "abcd");
    REQUIRE(BIO_read(bio.get(), room.data(), 4) == 2);
    CHECK(std::string(room.data(), 2) == "ef");
    CHECK(BIO_read(bio.get(), room.data(), 4) <= 0);
    CHECK(BIO_should_retry(bio.get()));
    CHECK(BIO_eof(bio.get()) == 0);
}

TEST_CASE("what was written is fetched once, behind what is there", "[wire]") {
    Wire wire;
    const BioHandle bio = wire.open();
    REQUIRE(BIO_write(bio.get(), "ab", 2) == 2);
    REQUIRE(BIO_write(bio.get(), "c", 1) == 1);
    CHECK(BIO_flush(bio.get()) == 1);
    std::vector<std::uint8_t> fetched;
    wire.fetch(fetched);
    CHECK(fetched == bytes("abc"));
    REQUIRE(BIO_write(bio.get(), "d", 1) == 1);
    wire.fetch(fetched);
    CHECK(fetched == bytes("abcd"));
    wire.fetch(fetched);
    CHECK(fetched == bytes("abcd"));
    CHECK_FALSE(wire.out_of_memory());
}

TEST_CASE("after the stop nothing is read, and nothing is worth waiting for", "[wire]") {
    Wire wire;
    const BioHandle bio = wire.open();
    wire.give(bytes("abc"));
    wire.stop();
    std::array<char, 4> room{};
    CHECK(BIO_read(bio.get(), room.data(), 4) <= 0);
    CHECK_FALSE(BIO_should_retry(bio.get()));
    CHECK(BIO_eof(bio.get()) == 1);
}

TEST_CASE("room for much is given back when it was read", "[wire]") {
    Wire wire;
    const BioHandle bio = wire.open();
    wire.give(std::vector<std::uint8_t>(100'000));
    CHECK(wire.held_bytes() >= 100'000);
    std::vector<char> room(100'000);
    REQUIRE(BIO_read(bio.get(), room.data(), 100'000) == 100'000);
    CHECK(wire.held_bytes() <= Wire::kept_room);
    REQUIRE(BIO_write(bio.get(), room.data(), 50'000) == 50'000);
    CHECK(wire.held_bytes() >= 50'000);
    std::vector<std::uint8_t> fetched;
    wire.fetch(fetched);
    CHECK(wire.held_bytes() <= Wire::kept_room);
}
