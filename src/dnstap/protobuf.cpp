// SPDX-License-Identifier: MIT
#include "dnstap/protobuf.hpp"

namespace dproxy::dnstap {
namespace {

/// In the lowest bits of what stands in front of a field.
enum class WireType : unsigned { number = 0, bytes = 2, fixed32 = 5 };

/// Seven bits a byte, the lowest first; the highest bit of a byte says that more come.
void put_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
    out.push_back(static_cast<std::uint8_t>(value));
}

void put_tag(std::vector<std::uint8_t>& out, unsigned field, WireType type) {
    put_varint(out, field << 3 | static_cast<unsigned>(type));
}

}  // namespace

void put_number(std::vector<std::uint8_t>& out, unsigned field, std::uint64_t value) {
    put_tag(out, field, WireType::number);
    put_varint(out, value);
}

void put_fixed32(std::vector<std::uint8_t>& out, unsigned field, std::uint32_t value) {
    put_tag(out, field, WireType::fixed32);
    for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_bytes(std::vector<std::uint8_t>& out, unsigned field, std::span<const std::uint8_t> bytes) {
    put_tag(out, field, WireType::bytes);
    put_varint(out, bytes.size());
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace dproxy::dnstap
