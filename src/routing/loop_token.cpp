// SPDX-License-Identifier: MIT
#include "routing/loop_token.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "net/sip_hash.hpp"

namespace dproxy::routing {

namespace {

constexpr unsigned digit_bits = 4;
constexpr std::size_t number_digits = 2 * sizeof(std::uint64_t);
constexpr unsigned time_bits = 30;  ///< a step of the time in a number is 2^30 ns, about a second
constexpr std::uint32_t fresh_steps = 4;

std::uint8_t* write_digits(std::uint8_t* at, std::uint64_t value) {
    for (std::size_t left = number_digits; left > 0; --left) {
        *at++ = static_cast<std::uint8_t>("0123456789abcdef"[value >> ((left - 1) * digit_bits) & 0xf]);
    }
    return at;
}

std::optional<std::uint64_t> read_digits(dns::Bytes digits) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : digits) {
        const std::uint8_t digit = dns::to_lower(byte);
        const bool is_letter = digit >= 'a' && digit <= 'f';
        if (!is_letter && (digit < '0' || digit > '9')) return std::nullopt;
        value = value << digit_bits | static_cast<std::uint64_t>(is_letter ? digit - 'a' + 10 : digit - '0');
    }
    return value;
}

std::uint32_t step_of(std::uint64_t now_ns) { return static_cast<std::uint32_t>(now_ns >> time_bits); }

}  // namespace

LoopToken::LoopToken(const std::array<std::uint8_t, random_bytes>& random) : key_(net::SipHash::key_of(random)) {}

std::uint64_t LoopToken::number_of_probe(std::uint64_t now_ns, std::uint32_t random) noexcept {
    return std::uint64_t{step_of(now_ns)} << 32 | random;
}

bool LoopToken::is_fresh(std::uint64_t number, std::uint64_t now_ns) noexcept {
    return step_of(now_ns) - static_cast<std::uint32_t>(number >> 32) <= fresh_steps;
}

/// Of the number in eight bytes and the domain in lower case after it. The last word has the length, as ever.
std::uint64_t LoopToken::seal(std::uint64_t number, dns::Bytes domain) const noexcept {
    net::SipHash hash(key_);
    hash.take(number);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < domain.size(); ++i) {
        word |= std::uint64_t{dns::to_lower(domain[i])} << (8 * (i % 8));
        if (i % 8 == 7) hash.take(std::exchange(word, 0));
    }
    return hash.finish(word, sizeof number + domain.size());
}

dns::Name LoopToken::probe_name(std::uint64_t number, dns::Bytes domain) const {
    assert(domain.size() <= longest_domain);
    std::array<std::uint8_t, dns::max_name_length> wire;
    std::uint8_t* at = wire.data();
    *at++ = static_cast<std::uint8_t>(label_length);
    at = write_digits(at, number);
    at = write_digits(at, seal(number, domain));
    at = std::copy(domain.begin(), domain.end(), at);
    std::size_t begin = 0;
    const auto name = dns::Name::read({wire.data(), static_cast<std::size_t>(at - wire.data())}, begin);
    assert(name);
    return *name;
}

std::optional<std::uint64_t> LoopToken::number_of(dns::Bytes name) const noexcept {
    if (name.size() < label_length + 2 || name[0] != label_length) return std::nullopt;
    const auto number = read_digits(name.subspan(1, number_digits));
    const auto sealed = read_digits(name.subspan(1 + number_digits, number_digits));
    if (!number || !sealed || *sealed != seal(*number, name.subspan(1 + label_length))) return std::nullopt;
    return number;
}

}  // namespace dproxy::routing
