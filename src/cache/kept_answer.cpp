// SPDX-License-Identifier: MIT
#include "cache/kept_answer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "dns/opt_record.hpp"

namespace dproxy::cache {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint32_t stale_ttl_s = 30;     // RFC 8767 4
constexpr std::uint32_t prefetch_part = 10;
constexpr std::uint16_t stale_answer = 3, stale_nxdomain = 19;  // RFC 8914 4.4, 4.20
constexpr std::size_t stale_option_length = dns::option_header_length + 2;

void write_u32(std::uint8_t* at, std::uint32_t value) {
    dns::write_u16(at, static_cast<std::uint16_t>(value >> 16));
    dns::write_u16(at + 2, static_cast<std::uint16_t>(value));
}

std::uint32_t read_u32(const std::uint8_t* at) {
    return std::uint32_t{dns::read_u16(at)} << 16 | dns::read_u16(at + 2);
}

}  // namespace

KeptAnswer::KeptAnswer(std::span<const std::uint64_t> words) {
    std::memcpy(static_cast<void*>(&head_), words.data(), sizeof head_);
    const auto rest = words.subspan(head_words);
    tail_ = {reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size_bytes()};
}

dns::Bytes KeptAnswer::part(std::size_t from, std::size_t length) const { return tail_.subspan(from, length); }

std::uint16_t KeptAnswer::ttl_place(std::size_t number) const {
    std::uint16_t place;
    std::memcpy(&place, tail_.data() + head_.subnet_length + number * sizeof place, sizeof place);
    return place;
}

dns::Bytes KeptAnswer::message() const {
    return part(head_.subnet_length + head_.ttl_count * sizeof(std::uint16_t), head_.message_length);
}

dns::Bytes KeptAnswer::options() const {
    const dns::Bytes before = message();
    return part(static_cast<std::size_t>(before.data() - tail_.data()) + before.size(), head_.options_length);
}

Age KeptAnswer::age(const KeptHead& head, std::uint64_t now_ns) {
    const std::uint64_t seconds = now_ns > head.stored_ns ? (now_ns - head.stored_ns) / second_ns : 0;
    if (seconds < head.fresh_s) return Age::fresh;
    return seconds < std::uint64_t{head.fresh_s} + head.stale_s ? Age::stale : Age::over;
}

bool KeptAnswer::rests(std::uint64_t now_ns) const {
    return head_.stored_ns + head_.recheck_s * second_ns > now_ns;
}

std::span<const std::uint64_t> KeptAnswer::copy_resting(std::uint64_t until_ns, std::span<std::uint64_t> out) const {
    KeptHead head = head_;
    head.recheck_s = static_cast<std::uint32_t>((until_ns - head.stored_ns) / second_ns);
    std::memcpy(out.data(), &head, sizeof head);
    std::memcpy(out.data() + head_words, tail_.data(), tail_.size());
    return out.first(head_words + tail_.size() / sizeof(std::uint64_t));
}

bool KeptAnswer::is_nxdomain() const {
    return dns::rcode_of(message()) == static_cast<std::uint8_t>(dns::Rcode::nxdomain);
}

bool KeptAnswer::nears_its_end(std::uint64_t now_ns) const {
    const std::uint64_t end_ns = head_.stored_ns + head_.fresh_s * second_ns;
    return now_ns < end_ns && end_ns - now_ns <= head_.fresh_s * second_ns / prefetch_part;
}

QuestionKey KeptAnswer::key() const {
    QuestionKey key;
    key.hash = head_.hash;
    key.route = head_.route;
    key.flags = head_.flags;
    const dns::Bytes kept = message();
    std::size_t end = dns::header_length;
    while (kept[end] != 0) end += std::size_t{kept[end]} + 1;  // was read when it was kept
    key.question = kept.subspan(dns::header_length, end + 5 - dns::header_length);
    key.subnet = part(0, head_.subnet_length);
    return key;
}

std::size_t KeptAnswer::room() const {
    return std::size_t{head_.message_length} + dns::opt_fixed_length + head_.options_length + stale_option_length;
}

std::size_t KeptAnswer::write(dns::Bytes asker, const dns::Query& query, std::uint64_t now_ns,
                              dns::MutableBytes out) const {
    assert(out.size() >= room());
    const dns::Bytes kept = message();
    std::memcpy(out.data(), kept.data(), kept.size());
    std::memcpy(out.data(), asker.data(), 2);
    std::memcpy(out.data() + dns::header_length, asker.data() + dns::header_length,
                std::size_t{query.question.end} - dns::header_length);
    const Age age = this->age(now_ns);
    const std::uint64_t gone = now_ns > head_.stored_ns ? (now_ns - head_.stored_ns) / second_ns : 0;
    for (std::size_t number = 0; number < head_.ttl_count; ++number) {
        std::uint8_t* const at = out.data() + ttl_place(number);
        const std::uint32_t ttl = read_u32(at);
        const auto left = static_cast<std::uint32_t>(ttl - std::min<std::uint64_t>(gone, ttl));
        write_u32(at, age == Age::stale ? stale_ttl_s : left);
    }
    if (!query.has_edns) return kept.size();
    return kept.size() + write_opt(query, age, out.subspan(kept.size()));
}

std::size_t KeptAnswer::write_opt(const dns::Query& query, Age age, dns::MutableBytes out) const {
    std::uint8_t* const at = out.data();
    std::fill_n(at, dns::opt_fixed_length, std::uint8_t{0});
    dns::write_u16(at + 1, dns::type::opt);
    dns::write_u16(at + 3, head_.udp_size != 0 ? head_.udp_size : std::uint16_t{dns::safe_udp_size});
    const bool dnssec_ok = head_.udp_size != 0 ? (head_.marks & KeptHead::dnssec_ok) != 0 : query.dnssec_ok;
    at[7] = dnssec_ok ? KeptHead::dnssec_ok : 0;
    std::size_t length = head_.options_length;
    std::copy_n(options().data(), length, at + dns::opt_fixed_length);
    if (age == Age::stale) {
        std::uint8_t* const option = at + dns::opt_fixed_length + length;
        dns::write_u16(option, dns::option::extended_error);
        dns::write_u16(option + 2, 2);
        dns::write_u16(option + 4, is_nxdomain() ? stale_nxdomain : stale_answer);
        length += stale_option_length;
    }
    dns::write_u16(at + 9, static_cast<std::uint16_t>(length));
    std::uint8_t* const count = out.data() - head_.message_length + 10;
    dns::write_u16(count, static_cast<std::uint16_t>(dns::read_u16(count) + 1));
    return dns::opt_fixed_length + length;
}

}  // namespace dproxy::cache
