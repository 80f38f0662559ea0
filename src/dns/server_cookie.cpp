// SPDX-License-Identifier: MIT
#include "dns/server_cookie.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace dproxy::dns {
namespace {

// RFC 9018 4: version, three reserved bytes, time, hash.
constexpr std::uint8_t version = 1;
constexpr std::size_t time_at = 4, hash_at = 8;

std::uint32_t time_of(Bytes cookie) {
    return std::uint32_t{read_u16(cookie.data() + time_at)} << 16 | read_u16(cookie.data() + time_at + 2);
}

/// RFC 9018 4.4: of the client's cookie, the server's up to its hash, and the client's address.
std::uint64_t seal(const net::SipHash::Key& key, const ClientCookie& client, Bytes cookie,
                   const net::Address& address) {
    net::SipHash hash(key);
    std::uint64_t word = 0;
    std::size_t length = 0;
    const auto take = [&](Bytes bytes) {
        for (const std::uint8_t byte : bytes) {
            word |= std::uint64_t{byte} << (8 * (length % 8));
            if (++length % 8 == 0) hash.take(std::exchange(word, 0));
        }
    };
    take(client);
    take(cookie.first(hash_at));
    take(Bytes(address.bytes).subspan(address.is_v4() ? 12 : 0));
    return hash.finish(word, length);
}

bool has_seal(Bytes cookie, std::uint64_t value) {
    unsigned different = 0;  // how far it agrees must not show in the time that it takes
    for (std::size_t i = 0; i < 8; ++i) different |= cookie[hash_at + i] ^ static_cast<std::uint8_t>(value >> (8 * i));
    return different == 0;
}

}  // namespace

CookieSecrets::CookieSecrets(std::span<const CookieSecret> secrets) : keys_() {
    assert(!secrets.empty());
    std::transform(secrets.begin(), secrets.end(), std::back_inserter(keys_), net::SipHash::key_of);
}

ServerCookie CookieSecrets::make(const ClientCookie& client, const net::Address& address, std::uint32_t now) const {
    ServerCookie cookie{version};
    write_u16(cookie.data() + time_at, static_cast<std::uint16_t>(now >> 16));
    write_u16(cookie.data() + time_at + 2, static_cast<std::uint16_t>(now));
    const std::uint64_t value = seal(keys_.front(), client, cookie, address);
    for (std::size_t i = 0; i < 8; ++i) cookie[hash_at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    return cookie;
}

bool CookieSecrets::accepts(Bytes cookie, const ClientCookie& client, const net::Address& address,
                            std::uint32_t now) const {
    if (cookie.size() != server_cookie_length || cookie[0] != version) return false;
    const auto age = static_cast<std::int32_t>(now - time_of(cookie));
    if (age > cookie_age || age < -cookie_from_future) return false;
    return std::any_of(keys_.begin(), keys_.end(), [&](const net::SipHash::Key& key) {
        return has_seal(cookie, seal(key, client, cookie, address));
    });
}

}  // namespace dproxy::dns
