// SPDX-License-Identifier: MIT
#include "query_log/record.hpp"

#include <cassert>
#include <cstring>
#include <type_traits>

namespace dproxy::query_log {
namespace {

struct Facts {
    std::uint64_t asked_ns;
    std::uint64_t answered_ns;
    net::Endpoint client;
    net::Endpoint upstream;
    std::uint32_t bytes;
    std::uint16_t type;
    std::uint16_t rcode;
    std::uint16_t error;
    std::uint16_t name_bytes;
    std::uint16_t route_bytes;
    telemetry::Transport transport;
    telemetry::Source source;
    std::uint8_t attempts;
    bool has_question;
    bool has_upstream;
    bool has_error;
};
static_assert(std::is_trivially_copyable_v<Facts>);

std::uint8_t* put(std::uint8_t* at, const void* bytes, std::size_t length) {
    if (length != 0) std::memcpy(at, bytes, length);
    return at + length;
}

}  // namespace

std::size_t bytes_of(const Record& record) { return sizeof(Facts) + record.name.size() + record.route.size(); }

void write(const Record& record, std::span<std::uint8_t> out) {
    assert(out.size() == bytes_of(record));
    const Facts facts{.asked_ns = record.asked_ns,
                      .answered_ns = record.answered_ns,
                      .client = record.client,
                      .upstream = record.upstream.value_or(net::Endpoint()),
                      .bytes = record.bytes,
                      .type = record.type,
                      .rcode = record.rcode,
                      .error = record.error.value_or(0),
                      .name_bytes = static_cast<std::uint16_t>(record.name.size()),
                      .route_bytes = static_cast<std::uint16_t>(record.route.size()),
                      .transport = record.transport,
                      .source = record.source,
                      .attempts = record.attempts,
                      .has_question = record.has_question,
                      .has_upstream = record.upstream.has_value(),
                      .has_error = record.error.has_value()};
    std::uint8_t* at = put(out.data(), &facts, sizeof facts);
    at = put(at, record.name.data(), record.name.size());
    put(at, record.route.data(), record.route.size());
}

Record read(std::span<const std::uint8_t> bytes) {
    Facts facts;
    assert(bytes.size() >= sizeof facts);
    std::memcpy(static_cast<void*>(&facts), bytes.data(), sizeof facts);
    const auto name = bytes.subspan(sizeof facts, facts.name_bytes);
    const auto route = bytes.subspan(sizeof facts + facts.name_bytes, facts.route_bytes);
    Record record;
    record.asked_ns = facts.asked_ns;
    record.answered_ns = facts.answered_ns;
    record.client = facts.client;
    record.transport = facts.transport;
    record.has_question = facts.has_question;
    record.type = facts.type;
    record.name = name;
    record.route = {reinterpret_cast<const char*>(route.data()), route.size()};
    if (facts.has_upstream) record.upstream = facts.upstream;
    record.attempts = facts.attempts;
    record.rcode = facts.rcode;
    if (facts.has_error) record.error = facts.error;
    record.bytes = facts.bytes;
    record.source = facts.source;
    return record;
}

}  // namespace dproxy::query_log
