// SPDX-License-Identifier: MIT
// One answer as it lies in memory, and how it is written for who asks now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cache/question_key.hpp"
#include "dns/message.hpp"
#include "dns/query.hpp"

namespace dproxy::cache {

/// The beginning of a record, in words. Behind it, without gaps: the client's network, the places of the TTLs (16 bits
/// each, of this machine), the message without its OPT, the options of its OPT.
struct KeptHead {
    std::uint16_t units = 0;    ///< of the record, see Ring
    std::uint16_t account = 0;  ///< see Coming
    std::uint32_t route = 0;
    std::uint64_t hash = 0;
    std::uint64_t stored_ns = 0;
    std::uint32_t fresh_s = 0;  ///< kept by its TTL, from then on
    std::uint32_t stale_s = 0;  ///< and beyond that for want of a better one
    std::uint32_t recheck_s = 0;  ///< from then on: until then nobody asks again, as it was in vain
    std::uint16_t message_length = 0;
    std::uint16_t ttl_count = 0;
    std::uint16_t options_length = 0;
    std::uint16_t udp_size = 0;  ///< of the upstream's OPT; 0: there was none
    std::uint16_t flags = 0;     ///< of the key
    std::uint8_t subnet_length = 0;
    std::uint8_t marks = 0;      ///< of these:

    static constexpr std::uint8_t dnssec_ok = 0x80;  ///< DO in the upstream's OPT, where it stands there too
    static constexpr std::uint8_t by_stream = 0x01;  ///< it came by TCP, TLS or HTTPS
};
static_assert(sizeof(KeptHead) % sizeof(std::uint64_t) == 0 && sizeof(KeptHead) == 48);
inline constexpr std::size_t head_words = sizeof(KeptHead) / sizeof(std::uint64_t);

/// How an answer is at a moment.
enum class Age : std::uint8_t {
    fresh,
    stale,  ///< beyond its TTL, and kept all the same
    over,
};

/// A record that was copied out of the memory, or is to be put in: a view of its words.
class KeptAnswer {
public:
    /// A whole record, as keeping.hpp makes them.
    explicit KeptAnswer(std::span<const std::uint64_t> words);

    const KeptHead& head() const { return head_; }
    Age age(std::uint64_t now_ns) const { return age(head_, now_ns); }
    static Age age(const KeptHead& head, std::uint64_t now_ns);
    bool is_nxdomain() const;
    bool came_by_stream() const { return (head_.marks & KeptHead::by_stream) != 0; }
    /// It was asked for in vain, and is not to be again yet.
    bool rests(std::uint64_t now_ns) const;
    /// A copy of the record that rests until then; `out` has room for it. Returns its words.
    std::span<const std::uint64_t> copy_resting(std::uint64_t until_ns, std::span<std::uint64_t> out) const;
    /// The time for asking again in advance has come: the last tenth of its TTL.
    bool nears_its_end(std::uint64_t now_ns) const;
    QuestionKey key() const;

    /// Room that write() needs.
    std::size_t room() const;
    /// The answer for the asker's message, of which is_same_question() holds, and returns its length: its ID, its
    /// question as it wrote it, TTLs that have gone on (RFC 2181 8; of a stale one RFC 8767 4: 30 s, and Extended DNS
    /// Error 3 or 19), an OPT where it sent one. `query` is what dns::read_query made of the message.
    std::size_t write(dns::Bytes asker, const dns::Query& query, std::uint64_t now_ns, dns::MutableBytes out) const;

private:
    dns::Bytes part(std::size_t from, std::size_t length) const;
    std::uint16_t ttl_place(std::size_t number) const;
    dns::Bytes message() const;
    dns::Bytes options() const;
    std::size_t write_opt(const dns::Query& query, Age age, dns::MutableBytes out) const;

    KeptHead head_;
    dns::Bytes tail_;  ///< what stands behind the head
};

}  // namespace dproxy::cache
