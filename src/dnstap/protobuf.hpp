// SPDX-License-Identifier: MIT
// Fields of a protobuf message as they lie on the wire, as far as dnstap has such: numbers of variable length, 32 bits
// of fixed length, bytes behind their length. Written only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dproxy::dnstap {

// Each appends one field. `field`: its number in the message's definition, from 1.
void put_number(std::vector<std::uint8_t>& out, unsigned field, std::uint64_t value);
void put_fixed32(std::vector<std::uint8_t>& out, unsigned field, std::uint32_t value);
/// Also for a message within the message, and for text.
void put_bytes(std::vector<std::uint8_t>& out, unsigned field, std::span<const std::uint8_t> bytes);

}  // namespace dproxy::dnstap
