// SPDX-License-Identifier: MIT
#include "dns/query.hpp"

#include <memory>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;
using packet::qtype::a;

namespace {

constexpr unsigned notify = 4, update = 5, dso = 6, status = 2;

QuestionFault fault_of(const Octets& message) {
    Question question;
    return read_question(message, question);
}

QueryForm form_of(const Octets& message) { return read_query(message).form; }

/// The bytes in a block of their own, so that a sanitizer sees each read behind them.
Query read_exactly(const Octets& message, std::size_t length) {
    const auto block = std::make_unique<std::uint8_t[]>(length);
    std::copy_n(message.begin(), length, block.get());
    return read_query({block.get(), length});
}

}  // namespace

TEST_CASE("a question is read", "[dns]") {
    Question question;
    const auto message = Packet::query("www.Example.com", 28, 3).bytes();
    REQUIRE(read_question(message, question) == QuestionFault::none);
    CHECK(question.name_length == 17);
    CHECK(question.type == 28);
    CHECK(question.qclass == 3);
    CHECK(question.end == message.size());
    const auto name = question.name(message);
    CHECK(Octets(name.begin(), name.end()) == packet::name("www.Example.com"));
    CHECK(fault_of(Packet::query("", a)) == QuestionFault::none);
}

TEST_CASE("limits of names in questions", "[dns]") {
    CHECK(fault_of(Packet::query(std::string(63, 'x'), a)) == QuestionFault::none);
    CHECK(fault_of(Packet::query(std::string(64, 'x'), a)) == QuestionFault::label_type);
    CHECK(fault_of(Packet::query(std::string(128, 'x'), a)) == QuestionFault::label_type);
    CHECK(fault_of(Packet::query(packet::name_of_length(255), a)) == QuestionFault::none);
    CHECK(fault_of(Packet::query(packet::name_of_length(256), a)) == QuestionFault::name_too_long);
    CHECK(fault_of(Packet().raw_question({1, 'x', 0xc0, 12}, a)) == QuestionFault::compressed);
    CHECK(fault_of(Packet().raw_question({0xc0, 12}, a)) == QuestionFault::compressed);
}

TEST_CASE("a question that ends early is truncated", "[dns]") {
    const auto message = Packet::query("www.example.com", a).bytes();
    Question question;
    for (std::size_t length = header_length; length < message.size(); ++length)
        CHECK(read_question(Bytes(message).first(length), question) == QuestionFault::truncated);
}

TEST_CASE("a plain query is good", "[dns]") {
    const auto message = Packet::query("example.com", a).bytes();
    const auto query = read_query(message);
    CHECK(query.form == QueryForm::good);
    CHECK(query.has_question);
    CHECK(query.walks);
    CHECK_FALSE(query.has_edns);
    CHECK_FALSE(query.is_signed);
    CHECK(query.udp_size == 512);
    CHECK(query.opt_offset == 0);
    CHECK(query.records_end == message.size());
}

TEST_CASE("what an OPT says is read", "[dns]") {
    const auto message =
        Packet::query("example.com", a).edns(4096, packet::option(10, Octets(8, 1)), 0x00018000).bytes();
    const auto query = read_query(message);
    CHECK(query.form == QueryForm::good);
    CHECK(query.has_edns);
    CHECK(query.udp_size == 4096);
    CHECK(query.dnssec_ok);
    CHECK(query.edns_version == 1);
    CHECK_FALSE(query.has_client_subnet);
    CHECK(query.opt_offset == query.question.end);
    CHECK(read_query(Packet::query("example.com", a).edns(0)).udp_size == 512);
    CHECK(read_query(Packet::query("example.com", a).edns(511)).udp_size == 512);
    CHECK(read_query(Packet::query("example.com", a).edns(513)).udp_size == 513);
    CHECK(read_query(Packet::query("example.com", a).edns(512, packet::option(8, {0, 1, 0, 0}))).has_client_subnet);
}

TEST_CASE("what is no query is dropped", "[dns]") {
    for (std::size_t length = 0; length < header_length; ++length)
        CHECK(form_of(Octets(length, 0)) == QueryForm::too_short);
    CHECK(form_of(Packet::reply("example.com", a)) == QueryForm::response);
    CHECK(form_of(Packet().flags(0xffff)) == QueryForm::response);
}

TEST_CASE("the opcode is looked at first", "[dns]") {
    for (const unsigned opcode : {1u, status, 3u, dso, 15u}) {
        INFO(opcode);
        CHECK(form_of(Packet().opcode(opcode)) == QueryForm::not_implemented);
        CHECK(form_of(Packet::query("a", a).question("b", a).opcode(opcode)) == QueryForm::not_implemented);
        CHECK(form_of(Packet().raw_question({0xc0, 12}, a).opcode(opcode)) == QueryForm::not_implemented);
        CHECK(form_of(Packet::query("a", a).opcode(opcode)) == QueryForm::good);
        const auto faulty = read_query(Packet::query("a", a).opcode(opcode).edns(512).edns(512));
        CHECK(faulty.form == QueryForm::good);
        CHECK_FALSE(faulty.walks);
    }
    for (const unsigned opcode : {0u, notify, update}) {
        CHECK(form_of(Packet().opcode(opcode)) == QueryForm::format_error_bare);
        CHECK(form_of(Packet::query("a", a).question("b", a).opcode(opcode)) == QueryForm::format_error_bare);
        CHECK(form_of(Packet().raw_question({0xc0, 12}, a).opcode(opcode)) == QueryForm::format_error_bare);
        CHECK(form_of(Packet::query("a", a).opcode(opcode)) == QueryForm::good);
        CHECK(form_of(Packet::query("a", a).opcode(opcode).edns(512).edns(512)) == QueryForm::format_error);
    }
}

TEST_CASE("a question count other than one is a bare format error", "[dns]") {
    CHECK(form_of(Packet().edns(1232, packet::option(10, Octets(8, 1)))) == QueryForm::format_error_bare);
    CHECK(form_of(Packet::query("a", a).question("b", a)) == QueryForm::format_error_bare);
    CHECK(form_of(Packet::query("a", a).counts(65535, 0, 0, 0)) == QueryForm::format_error_bare);
    CHECK(form_of(Packet::query(packet::name_of_length(256), a)) == QueryForm::format_error_bare);
    CHECK(form_of(Packet::query(std::string(64, 'x'), a)) == QueryForm::format_error_bare);
}

TEST_CASE("an OPT against RFC 6891 is a format error", "[dns]") {
    const auto good = Packet::query("a", a);
    const auto opt = packet::opt_record(1232);
    CHECK(form_of(Packet(good).edns(1232)) == QueryForm::good);
    CHECK(form_of(Packet(good).edns(1232).edns(1232)) == QueryForm::format_error);
    CHECK(form_of(Packet(good).answer(opt)) == QueryForm::format_error);
    CHECK(form_of(Packet(good).authority(opt)) == QueryForm::format_error);
    CHECK(form_of(Packet(good).additional(packet::record(packet::name("a"), 41, {}))) == QueryForm::format_error);
    CHECK(form_of(Packet(good).additional(packet::record({0xc0, 12}, 41, {}))) == QueryForm::format_error);
    const auto open_option = read_query(Packet(good).edns(1232, {0, 8, 0, 9, 1}));
    CHECK(open_option.form == QueryForm::format_error);
    CHECK(open_option.has_edns);  // so that the answer has an OPT too
    CHECK(open_option.has_question);
}

TEST_CASE("counts that lie are a format error", "[dns]") {
    const auto good = Packet::query("a", a);
    CHECK(form_of(Packet(good).counts(1, 0, 0, 1)) == QueryForm::format_error);
    CHECK(form_of(Packet(good).counts(1, 65535, 65535, 65535)) == QueryForm::format_error);
    CHECK(form_of(Packet(good).edns(512).counts(1, 0, 0, 2)) == QueryForm::format_error);
    CHECK(form_of(Packet(good).counts(1, 65535, 65535, 65535).trailing(Octets(65000, 0))) == QueryForm::format_error);
    CHECK(form_of(Packet(good).additional({0x40, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0})) == QueryForm::format_error);
}

TEST_CASE("records of all sections are walked, their names may be compressed", "[dns]") {
    const auto update_message = Packet::query("example.com", packet::qtype::soa)
                                    .opcode(update)
                                    .answer(packet::record({0xc0, 12}, 255, {}, 0, 255))
                                    .authority(packet::record({1, 'x', 0xc0, 12}, a, {1, 2, 3, 4}))
                                    .additional(packet::record({1, 'y', 0xc0, 12}, a, {1, 2, 3, 4}))
                                    .edns(4096);
    const auto query = read_query(update_message);
    CHECK(query.form == QueryForm::good);
    CHECK(query.walks);
    CHECK(query.has_edns);
}

TEST_CASE("bytes behind the last record are legal", "[dns]") {
    const auto message = Packet::query("a", a).edns(512).trailing({1, 2, 3}).bytes();
    const auto query = read_query(message);
    CHECK(query.form == QueryForm::good);
    CHECK(query.walks);
    CHECK(query.records_end == message.size() - 3);
    CHECK(read_query(Packet::query("a", a).trailing(Octets(65506, 1))).form == QueryForm::good);
    CHECK(read_query(Packet::query("a", a).trailing(Octets(70000, 1))).form == QueryForm::good);
}

TEST_CASE("a signature is the last record", "[dns]") {
    const auto tsig = packet::record(packet::name("key"), packet::qtype::tsig, {1, 2, 3}, 0, 255);
    const auto sig0 = packet::record({0}, packet::qtype::sig, Octets(18, 0), 0, 255);
    const auto sig_of_a = packet::record({0}, packet::qtype::sig, {0, 1, 0, 0}, 0, 255);
    CHECK(read_query(Packet::query("a", a).edns(512).additional(tsig)).is_signed);
    CHECK(read_query(Packet::query("a", a).additional(sig0)).is_signed);
    CHECK_FALSE(read_query(Packet::query("a", a).additional(sig_of_a)).is_signed);
    CHECK_FALSE(read_query(Packet::query("a", a).additional(packet::record({0}, packet::qtype::sig, {0}))).is_signed);
    CHECK_FALSE(read_query(Packet::query("a", a).additional(tsig).edns(512)).is_signed);
}

TEST_CASE("each prefix of a message is read without a fault of ours", "[dns]") {
    const auto message = Packet::query("www.example.com", a)
                             .answer("www.example.com", a, {1, 2, 3, 4})
                             .edns(1232, packet::option(8, {0, 1, 24, 0, 10, 1, 2}))
                             .additional(packet::record(packet::name("key"), packet::qtype::tsig, {1, 2, 3}, 0, 255))
                             .bytes();
    const std::size_t question_end = header_length + 17 + 4;
    for (std::size_t length = 0; length <= message.size(); ++length) {
        const auto query = read_exactly(message, length);
        const auto expected = length < header_length    ? QueryForm::too_short
                              : length < question_end   ? QueryForm::format_error_bare
                              : length < message.size() ? QueryForm::format_error
                                                        : QueryForm::good;
        INFO(length);
        CHECK(query.form == expected);
        CHECK(query.walks == (length == message.size()));
    }
}
