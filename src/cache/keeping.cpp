// SPDX-License-Identifier: MIT
#include "cache/keeping.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "cache/limits.hpp"
#include "cache/ring.hpp"
#include "dns/freshness.hpp"
#include "dns/name.hpp"
#include "dns/record.hpp"

namespace dproxy::cache {

namespace {

constexpr std::uint16_t nsid = 3;  // RFC 5001

/// What of a reply matters here.
struct Reading {
    std::array<std::uint16_t, max_kept_records> ttl_places;
    std::uint16_t ttl_count = 0;
    std::uint32_t least_ttl = 0x7fffffff;
    std::size_t end = 0;  ///< of the records before the OPT
    bool has_soa = false;  ///< in the authority section
    bool has_asked_type = false;  ///< in the answer section
    std::optional<dns::Record> opt;
};

/// False where it cannot be kept as it is: it does not walk to its last byte, is signed, or has its OPT in the midst,
/// so that it cannot be taken off.
bool read(dns::Bytes reply, std::uint16_t asked_type, Reading& reading) {
    std::size_t at = dns::header_length;
    if (!dns::skip_questions(reply, at)) return false;
    const std::size_t answers = dns::answer_count(reply);
    const std::size_t before = answers + dns::authority_count(reply);
    const std::size_t count = before + dns::additional_count(reply);
    for (std::size_t index = 0; index < count; ++index) {
        dns::Record record;
        reading.end = at;
        if (!dns::read_record(reply, at, record) || dns::is_signature(reply, record)) return false;
        if (record.type == dns::type::opt) {
            if (index < before || index + 1 != count || !record.has_root_owner()) return false;
            reading.opt = record;
            return at == reply.size();
        }
        if (reading.ttl_count == max_kept_records) return false;
        if (index < answers && record.type == asked_type) reading.has_asked_type = true;
        if (index >= answers && index < before && record.type == dns::type::soa) reading.has_soa = true;
        reading.ttl_places[reading.ttl_count++] = static_cast<std::uint16_t>(record.fixed + 4);
        reading.least_ttl = std::min(reading.least_ttl, record.counted_ttl(reply));
    }
    reading.end = at;
    return at == reply.size();
}

bool is_failure(dns::Bytes reply) {
    return dns::rcode_of(reply) == static_cast<std::uint8_t>(dns::Rcode::servfail);
}

bool has_plain_header(dns::Bytes reply) {
    return dns::is_response(reply) && !dns::is_truncated(reply) && dns::opcode_of(reply) == 0 &&
           dns::question_count(reply) == 1;
}

std::uint16_t asked_type(const QuestionKey& key) { return dns::read_u16(key.question.last(4).data()); }

/// That there is no such name, or no such record, also at the end of aliases (RFC 2308 2.1, 2.2).
bool is_negative(dns::Bytes reply, const Reading& reading) {
    const bool is_nxdomain = dns::rcode_of(reply) == static_cast<std::uint8_t>(dns::Rcode::nxdomain);
    return is_nxdomain || (reading.has_soa && !reading.has_asked_type);
}

/// The question stands there uncompressed, as the key has it.
bool answers(dns::Bytes reply, const QuestionKey& key) {
    if (reply.size() < dns::header_length + key.question.size()) return false;
    QuestionKey of_reply = key;
    of_reply.question = reply.subspan(dns::header_length, key.question.size());
    return is_same_question(of_reply, key);
}

/// For how long, in seconds; 0: not at all.
std::uint32_t keeping_time(dns::Bytes reply, const Reading& reading, const KeepingTerms& terms) {
    if (is_failure(reply)) return failure_kept_s;
    const dns::Freshness fresh = dns::read_freshness(reply);
    if (fresh.kind == dns::Freshness::Kind::none) return 0;
    const std::uint32_t ttl = std::min(fresh.ttl, reading.least_ttl);
    if (is_negative(reply, reading)) {
        return reading.has_soa ? std::min({ttl, terms.negative_s, terms.most_s}) : 0;  // RFC 2308 5
    }
    return std::clamp(ttl, std::min(terms.least_s, terms.most_s), terms.most_s);
}

class RecordWriter {
public:
    explicit RecordWriter(std::span<std::uint64_t> out)
        : begin_(reinterpret_cast<std::uint8_t*>(out.data())), at_(begin_ + sizeof(KeptHead)) {}

    std::uint8_t* put(const void* bytes, std::size_t length) {
        if (length != 0) std::memcpy(at_, bytes, length);
        at_ += length;
        return at_ - length;
    }
    /// Fills the last unit up, and returns the words of all.
    std::size_t finish(KeptHead& head) {
        const std::size_t units = (static_cast<std::size_t>(at_ - begin_) + unit_bytes - 1) / unit_bytes;
        std::memset(at_, 0, units * unit_bytes - static_cast<std::size_t>(at_ - begin_));
        head.units = static_cast<std::uint16_t>(units);
        std::memcpy(begin_, &head, sizeof head);
        return units * words_per_unit;
    }

private:
    std::uint8_t* begin_;
    std::uint8_t* at_;
};

/// The options that are no hop's and nobody's, written; nothing where one is about somebody.
std::optional<std::uint16_t> put_options(dns::Bytes reply, const dns::Record& opt, RecordWriter& out) {
    std::uint16_t length = 0;
    bool is_for_all = true;
    const bool walks = dns::walk_options(opt.rdata(reply), [&](std::uint16_t code, dns::Bytes data, std::size_t at) {
        if (code == dns::option::client_subnet) is_for_all = false;
        const bool is_of_a_hop = code == nsid || code == dns::option::cookie || code == dns::option::keepalive ||
                                 code == dns::option::padding;
        if (is_of_a_hop) return;
        const std::size_t whole = dns::option_header_length + data.size();
        out.put(opt.rdata(reply).data() + at, whole);
        length = static_cast<std::uint16_t>(length + whole);
    });
    if (!walks || !is_for_all) return std::nullopt;
    return length;
}

/// TTLs as they are shown from now on: raised, lowered, and never with the highest bit (RFC 2181 8).
void set_ttls(std::uint8_t* message, const Reading& reading, std::uint32_t least_s, std::uint32_t most_s) {
    for (std::size_t number = 0; number < reading.ttl_count; ++number) {
        std::uint8_t* const at = message + reading.ttl_places[number];
        std::uint32_t ttl = std::uint32_t{dns::read_u16(at)} << 16 | dns::read_u16(at + 2);
        if (ttl > 0x7fffffff) ttl = 0;
        ttl = std::min(std::max(ttl, least_s), most_s);
        dns::write_u16(at, static_cast<std::uint16_t>(ttl >> 16));
        dns::write_u16(at + 2, static_cast<std::uint16_t>(ttl));
    }
}

}  // namespace

std::span<const std::uint64_t> make_kept(dns::Bytes reply, const QuestionKey& key, const KeepingTerms& terms,
                                         const Coming& came, std::span<std::uint64_t> out) {
    Reading reading;
    if (!answers(reply, key) || !has_plain_header(reply) || !read(reply, asked_type(key), reading)) {
        return {};
    }
    const std::uint32_t fresh_s = keeping_time(reply, reading, terms);
    if (fresh_s == 0) return {};

    RecordWriter writer(out);
    writer.put(key.subnet.data(), key.subnet.size());
    writer.put(reading.ttl_places.data(), reading.ttl_count * sizeof(std::uint16_t));
    std::uint8_t* const message = writer.put(reply.data(), reading.end);
    if (is_failure(reply)) {
        set_ttls(message, reading, 0, terms.most_s);
    } else if (is_negative(reply, reading)) {
        // Others' caches go by the SOA as well: with its TTL as it was, each of them would begin at MINIMUM again.
        set_ttls(message, reading, 0, fresh_s);
    } else {
        set_ttls(message, reading, terms.least_s, terms.most_s);
    }
    KeptHead head;
    head.account = came.account;
    head.route = key.route;
    head.hash = key.hash;
    head.flags = key.flags;
    head.stored_ns = came.at_ns;
    head.fresh_s = fresh_s;
    head.stale_s = is_failure(reply) ? 0 : terms.stale_s;
    head.message_length = static_cast<std::uint16_t>(reading.end);
    head.ttl_count = reading.ttl_count;
    head.subnet_length = static_cast<std::uint8_t>(key.subnet.size());
    head.marks = came.by_stream ? KeptHead::by_stream : 0;
    if (reading.opt) {
        const auto options_length = put_options(reply, *reading.opt, writer);
        const std::uint8_t* fixed = reply.data() + reading.opt->fixed;
        const bool is_plain = fixed[4] == 0 && fixed[5] == 0;  // upper bits of the rcode, version
        if (!options_length || !is_plain) return {};
        head.options_length = *options_length;
        head.udp_size = std::max<std::uint16_t>(dns::read_u16(fixed + 2), dns::min_udp_size);
        head.marks |= fixed[6] & KeptHead::dnssec_ok;
        dns::write_u16(message + 10, static_cast<std::uint16_t>(dns::additional_count(reply) - 1));
    }
    return out.first(writer.finish(head));
}

}  // namespace dproxy::cache
