// SPDX-License-Identifier: MIT
#include "routing/loop_token.hpp"

#include <algorithm>
#include <cassert>

namespace dproxy::routing {

namespace {

constexpr unsigned digit_bits = 4;
constexpr unsigned number_digits = 2 * sizeof(std::uint64_t);

std::uint8_t digit(std::uint64_t value) { return static_cast<std::uint8_t>("0123456789abcdef"[value & 0xf]); }

/// -1: not a hexadecimal digit.
int value_of(std::uint8_t digit) {
    digit = dns::to_lower(digit);
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

}  // namespace

LoopToken::LoopToken(const std::array<std::uint8_t, random_bytes>& random) {
    for (std::size_t i = 0; i < random.size(); ++i) {
        token_[2 * i] = digit(random[i] >> digit_bits);
        token_[2 * i + 1] = digit(random[i]);
    }
}

dns::Name LoopToken::probe_name(std::uint64_t number, dns::Bytes domain) const {
    assert(domain.size() <= longest_domain);
    std::array<std::uint8_t, dns::max_name_length> wire;
    std::uint8_t* at = wire.data();
    *at++ = static_cast<std::uint8_t>(label_length);
    at = std::copy(token_.begin(), token_.end(), at);
    for (unsigned left = number_digits; left > 0; --left) *at++ = digit(number >> ((left - 1) * digit_bits));
    at = std::copy(domain.begin(), domain.end(), at);
    std::size_t begin = 0;
    const auto name = dns::Name::read({wire.data(), static_cast<std::size_t>(at - wire.data())}, begin);
    assert(name);
    return *name;
}

std::optional<std::uint64_t> LoopToken::number_of(dns::Bytes name) const noexcept {
    if (name.size() < label_length + 2 || name[0] != label_length) return std::nullopt;
    if (!dns::equal_ignoring_case(name.subspan(1, token_.size()), token_)) return std::nullopt;
    std::uint64_t number = 0;
    for (const std::uint8_t byte : name.subspan(1 + token_.size(), number_digits)) {
        const int value = value_of(byte);
        if (value < 0) return std::nullopt;
        number = number << digit_bits | static_cast<std::uint64_t>(value);
    }
    return number;
}

}  // namespace dproxy::routing
