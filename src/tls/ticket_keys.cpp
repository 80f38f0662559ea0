// SPDX-License-Identifier: MIT
#include "tls/ticket_keys.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <new>

namespace dproxy::tls {

namespace {

TicketKey random_key() {
    std::array<std::uint8_t, TicketKey::length> bytes{};
    if (RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::bad_alloc();
    return *TicketKey::parse(bytes);
}

}  // namespace

std::optional<TicketKey> TicketKey::parse(dns::Bytes bytes) {
    if (bytes.size() != length) return std::nullopt;
    TicketKey key;
    const std::uint8_t* at = bytes.data();
    std::copy_n(at, key.name.size(), key.name.begin());
    std::copy_n(at + key.name.size(), key.cipher.size(), key.cipher.begin());
    std::copy_n(at + key.name.size() + key.cipher.size(), key.mac.size(), key.mac.begin());
    return key;
}

OwnTicketKeys::OwnTicketKeys(std::uint64_t now_ns) : keys_{random_key()}, made_ns_(now_ns) {}

bool OwnTicketKeys::rotate(std::uint64_t now_ns) {
    if (now_ns < next_ns()) return false;
    // After two lifetimes nothing that the old key sealed is still good.
    std::vector<TicketKey> keys{random_key()};
    if (now_ns < next_ns() + lifetime_ns) keys.push_back(keys_.front());
    keys_ = std::move(keys);
    made_ns_ = now_ns;
    return true;
}

}  // namespace dproxy::tls
