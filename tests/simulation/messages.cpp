// SPDX-License-Identifier: MIT
#include "simulation/messages.hpp"

#include <charconv>

#include "dns/message.hpp"
#include "dns/opt_record.hpp"

namespace dproxy::simulation {

using test::Octets;

namespace {

/// The number behind the letter that the first label begins with.
std::optional<std::uint64_t> number_behind(char letter, dns::Bytes name) {
    if (name.size() < 3 || (name[1] | 0x20) != letter) return std::nullopt;
    const auto* first = reinterpret_cast<const char*>(name.data()) + 2;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(first, first + name[0] - 1, number);
    if (error != std::errc{}) return std::nullopt;
    return number;
}

constexpr std::size_t compressed_answer = 2 + 2 + 2 + 4 + 2 + 4;  // pointer, type, class, TTL, length, address

}  // namespace

std::string own_name(std::uint64_t number, const std::string& domain, Random& random) {
    std::string name = "q" + std::to_string(number) + "." + domain;
    if (random.percent(20)) {
        for (char& letter : name) {
            if (letter >= 'a' && letter <= 'z' && random.percent(50)) letter = static_cast<char>(letter - 0x20);
        }
    }
    return name;
}

std::string shared_name(std::uint64_t which, const std::string& domain) {
    return "s" + std::to_string(which) + "." + domain;
}

std::optional<std::uint64_t> number_of(dns::Bytes message) {
    dns::Question question;
    if (message.size() < dns::header_length ||
        dns::read_question(message, question) != dns::QuestionFault::none) {
        return std::nullopt;
    }
    return number_behind('q', question.name(message));
}

std::uint32_t marker_for(dns::Bytes message, const dns::Question& question) {
    const dns::Bytes name = question.name(message);
    if (const auto number = number_behind('q', name)) return static_cast<std::uint32_t>(*number);
    if (const auto which = number_behind('s', name)) return shared_marker | static_cast<std::uint32_t>(*which);
    return shared_marker - 1;
}

std::optional<std::uint32_t> marker_of(dns::Bytes message, const dns::Question& question) {
    if (dns::answer_count(message) == 0 || message.size() < question.end + compressed_answer) return std::nullopt;
    const std::uint8_t* at = message.data() + question.end;
    if (dns::read_u16(at) != 0xc00c || dns::read_u16(at + 2) != dns::type::a) return std::nullopt;
    at += compressed_answer - 4;
    return static_cast<std::uint32_t>(dns::read_u16(at)) << 16 | dns::read_u16(at + 2);
}

const Octets& keepalive_of_nameserver() {
    static const Octets option = test::option(11, {0x12, 0x34});
    return option;
}

Octets reply_to(dns::Bytes query, std::uint16_t rcode, std::size_t padding, bool truncated, std::uint32_t marker,
                const Octets& options, std::uint32_t ttl) {
    const dns::Query read = dns::read_query(query);
    const dns::Question& question = read.question;
    test::Packet packet;
    const bool has_data = rcode == 0 && !truncated && read.opcode == 0;
    packet.id(dns::id_of(query)).opcode(dns::opcode_of(query)).set(0x8180u | (truncated ? 0x0200u : 0u));
    packet.rcode(rcode & 0x0fu);
    const auto name = question.name(query);
    packet.raw_question(Octets(name.begin(), name.end()), question.type, question.qclass);
    if (has_data) packet.answer(test::record(test::u16(0xc00c), dns::type::a, test::u32(marker), ttl));
    for (std::size_t left = has_data ? padding : 0; left > 0;) {
        const std::size_t some = std::min<std::size_t>(left, 200);
        packet.answer(test::record(test::u16(0xc00c), dns::type::txt, Octets(some, std::uint8_t{'x'})));
        left -= some;
    }
    if (read.has_edns) packet.edns(1232, options, static_cast<std::uint32_t>(rcode >> 4) << 24);
    return packet.bytes();
}

}  // namespace dproxy::simulation
