// SPDX-License-Identifier: MIT
#include "dns/address_answer.hpp"

#include <algorithm>
#include <optional>

#include "dns/name.hpp"
#include "dns/query.hpp"
#include "dns/record.hpp"

namespace dproxy::dns {
namespace {

constexpr std::size_t v4_length = 4;
constexpr std::size_t v6_length = 16;

/// A record of the answer section that has a part in it: an address, or a CNAME.
struct AnswerRecord {
    Name owner;
    std::optional<net::Address> address;
    Name alias;  ///< where there is no address
    std::uint32_t ttl = 0;
};

std::optional<net::Address> read_address(Bytes data, std::uint16_t type) {
    if (type == type::a && data.size() == v4_length) return net::Address::v4(data[0], data[1], data[2], data[3]);
    if (type != type::aaaa || data.size() != v6_length) return std::nullopt;
    net::Address address;
    std::copy(data.begin(), data.end(), address.bytes.begin());
    return address;
}

/// Nothing where a record is malformed.
std::optional<std::vector<AnswerRecord>> read_answer_records(Bytes reply, const Question& question) {
    std::vector<AnswerRecord> records;
    const std::size_t count = std::min<std::size_t>(answer_count(reply), max_answer_records);
    std::size_t at = question.end;
    for (std::size_t i = 0; i < count; ++i) {
        Record record;
        if (!read_record(reply, at, record)) return std::nullopt;
        const bool wanted = record.type == question.type || record.type == type::cname;
        if (record.rclass != class_in || !wanted) continue;
        std::size_t owner_at = record.begin;
        const auto owner = Name::read(reply, owner_at);
        if (!owner) return std::nullopt;
        AnswerRecord found{*owner, {}, {}, record.counted_ttl(reply)};
        if (record.type == type::cname) {
            std::size_t alias_at = record.data;
            const auto alias = Name::read(reply, alias_at);
            if (!alias || alias_at != record.end) return std::nullopt;
            found.alias = *alias;
        } else {
            found.address = read_address(record.rdata(reply), record.type);
            if (!found.address) return std::nullopt;
        }
        records.push_back(std::move(found));
    }
    return records;
}

AddressAnswer follow(const std::vector<AnswerRecord>& records, Bytes question_name) {
    AddressAnswer answer;
    answer.ttl = 0x7fffffff;
    Bytes name = question_name;
    for (std::size_t aliases = 0; aliases <= max_aliases; ++aliases) {
        const AnswerRecord* alias = nullptr;
        for (const AnswerRecord& record : records) {
            if (!equal_ignoring_case(record.owner.wire(), name)) continue;
            if (!record.address) {
                alias = &record;
                continue;
            }
            answer.addresses.push_back(*record.address);
            answer.ttl = std::min(answer.ttl, record.ttl);
        }
        if (!answer.addresses.empty()) {
            std::sort(answer.addresses.begin(), answer.addresses.end());
            answer.addresses.erase(std::unique(answer.addresses.begin(), answer.addresses.end()),
                                   answer.addresses.end());
            answer.finding = AddressFinding::found;
            return answer;
        }
        if (!alias) return {AddressFinding::no_address, {}, 0};
        answer.ttl = std::min(answer.ttl, alias->ttl);
        name = alias->alias.wire();
    }
    return {};
}

}  // namespace

AddressAnswer read_address_answer(Bytes reply) {
    if (reply.size() < header_length) return {};
    const std::uint8_t rcode = rcode_of(reply);
    if (rcode == static_cast<std::uint8_t>(Rcode::nxdomain)) return {AddressFinding::no_such_name, {}, 0};
    if (rcode != static_cast<std::uint8_t>(Rcode::noerror)) return {};
    Question question;
    if (question_count(reply) != 1 || read_question(reply, question) != QuestionFault::none) return {};
    const auto records = read_answer_records(reply, question);
    if (!records) return {};
    return follow(*records, question.name(reply));
}

}  // namespace dproxy::dns
