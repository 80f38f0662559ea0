// SPDX-License-Identifier: MIT
#include "dnstap/record.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <type_traits>

namespace dproxy::dnstap {
namespace {

struct Facts {
    std::uint64_t asked_ns;
    std::uint64_t answered_ns;
    net::Endpoint asking;
    net::Endpoint asked;
    std::uint32_t message_bytes;
    std::uint16_t zone_bytes;
    Kind kind;
    Protocol protocol;
};
static_assert(std::is_trivially_copyable_v<Facts>);

}  // namespace

std::size_t bytes_of(const Record& record) { return sizeof(Facts) + record.zone.size() + record.message.size(); }

void write(const Record& record, std::span<std::uint8_t> out) {
    assert(out.size() == bytes_of(record));
    const Facts facts{.asked_ns = record.asked_ns,
                      .answered_ns = record.answered_ns,
                      .asking = record.asking,
                      .asked = record.asked,
                      .message_bytes = static_cast<std::uint32_t>(record.message.size()),
                      .zone_bytes = static_cast<std::uint16_t>(record.zone.size()),
                      .kind = record.kind,
                      .protocol = record.protocol};
    std::memcpy(out.data(), &facts, sizeof facts);
    const auto behind = std::copy(record.zone.begin(), record.zone.end(), out.begin() + sizeof facts);
    std::copy(record.message.begin(), record.message.end(), behind);
}

Record read(std::span<const std::uint8_t> bytes) {
    Facts facts;
    assert(bytes.size() >= sizeof facts);
    std::memcpy(static_cast<void*>(&facts), bytes.data(), sizeof facts);
    return {.kind = facts.kind,
            .protocol = facts.protocol,
            .asking = facts.asking,
            .asked = facts.asked,
            .asked_ns = facts.asked_ns,
            .answered_ns = facts.answered_ns,
            .zone = bytes.subspan(sizeof facts, facts.zone_bytes),
            .message = bytes.subspan(sizeof facts + facts.zone_bytes, facts.message_bytes)};
}

}  // namespace dproxy::dnstap
