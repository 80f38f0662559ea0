// SPDX-License-Identifier: MIT
// Questions and replies as the cache sees them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/answer_memory.hpp"
#include "cache/keeping.hpp"
#include "cache/kept_answer.hpp"
#include "cache/question_key.hpp"
#include "dns/query.hpp"
#include "support/packets.hpp"

namespace dproxy::test {

inline constexpr std::uint64_t second = 1'000'000'000;

/// A query that was read, and its key: kept together, as the key is a view.
struct Asked {
    explicit Asked(const Packet& packet, std::uint32_t route = 1, Octets of_network = {})
        : message(packet.bytes()), subnet(std::move(of_network)), query(dns::read_query(message)),
          key(cache::key_of(message, query, route, subnet)) {}
    Asked(const Asked&) = delete;

    Octets message;
    Octets subnet;
    dns::Query query;
    std::optional<cache::QuestionKey> key;
};

/// The record of a reply to it; empty where it is not kept.
inline std::vector<std::uint64_t> kept(const Asked& asked, const Packet& reply, const cache::KeepingTerms& terms = {},
                                       std::uint64_t now_ns = 0, std::uint16_t account = 0) {
    auto room = cache::make_record_room();
    const auto words = cache::make_kept(reply.bytes(), *asked.key, terms, {now_ns, false, account}, room);
    return {words.begin(), words.end()};
}

inline Octets written(const std::vector<std::uint64_t>& record, const Asked& asked, std::uint64_t now_ns) {
    const cache::KeptAnswer answer(record);
    Octets out;
    out.resize(answer.room());
    out.resize(answer.write(asked.message, asked.query, now_ns, out));
    return out;
}

inline Octets soa(std::uint32_t ttl = 3600) { return record(name("test"), qtype::soa, soa_data(1), ttl); }

}  // namespace dproxy::test
