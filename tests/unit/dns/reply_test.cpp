// SPDX-License-Identifier: MIT
#include "dns/reply.hpp"

#include <array>

#include "catch.hpp"
#include "dns/record.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;
using packet::qtype::a;

namespace {

ReplyFault check(const Octets& query, const Octets& reply, bool later = false) {
    Question question;
    REQUIRE(read_question(query, question) == QuestionFault::none);
    return check_reply(query, question, reply, later);
}

Octets own_answer(const Octets& message, const OwnAnswer& answer) {
    std::array<std::uint8_t, own_answer_capacity> out{};
    const auto length = write_own_answer(message, read_query(message), answer, out);
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(length)};
}

Octets truncated(const Octets& reply, std::size_t limit = 512) {
    Octets out(limit + 1, 0xee);
    const auto length = write_truncated(reply, limit, out);
    REQUIRE(length <= limit);
    CHECK(out[length] == 0xee);
    out.resize(length);
    return out;
}

const Octets query_for_a = Packet::query("www.example.com", a);

}  // namespace

TEST_CASE("a reply to the question is good, in any case of the name", "[dns]") {
    CHECK(check(query_for_a, Packet::reply("www.example.com", a)) == ReplyFault::none);
    CHECK(check(query_for_a, Packet::reply("WWW.eXAMPLE.com", a)) == ReplyFault::none);
    CHECK(check(query_for_a, Packet::reply("www.example.com", a).answer("www.example.com", a, {1, 2, 3, 4})) ==
          ReplyFault::none);
}

TEST_CASE("a reply to something else is told", "[dns]") {
    for (std::size_t length = 0; length < header_length; ++length)
        CHECK(check(query_for_a, Octets(length, 0xff)) == ReplyFault::too_short);
    CHECK(check(query_for_a, query_for_a) == ReplyFault::not_response);
    CHECK(check(query_for_a, Packet::reply("www.example.com", a).opcode(4)) == ReplyFault::opcode);
    CHECK(check(query_for_a, Packet::reply("www.example.org", a)) == ReplyFault::question);
    CHECK(check(query_for_a, Packet::reply("www.example.com.x", a)) == ReplyFault::question);
    CHECK(check(query_for_a, Packet::reply("example.com", a)) == ReplyFault::question);
    CHECK(check(query_for_a, Packet::reply("www.example.com", 28)) == ReplyFault::question);
    CHECK(check(query_for_a, Packet::reply("www.example.com", a, 3)) == ReplyFault::question);
    CHECK(check(query_for_a, Packet::reply("www.example.com", a).question("x", a)) == ReplyFault::no_question);
    const auto reply = Packet::reply("www.example.com", a).bytes();
    CHECK(check(query_for_a, Octets(reply.begin(), reply.begin() + header_length)) == ReplyFault::no_question);
    for (std::size_t length = header_length + 1; length < reply.size(); ++length)
        CHECK(check(query_for_a, Octets(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(length))) ==
              ReplyFault::question);
}

TEST_CASE("an error without its question is a reply", "[dns]") {
    for (std::uint16_t rcode = 0; rcode < 16; ++rcode) {
        INFO("rcode " << rcode);
        const auto expected = rcode == 0 || rcode == 3 ? ReplyFault::no_question : ReplyFault::none;
        CHECK(check(query_for_a, Packet().flags(static_cast<std::uint16_t>(0x8100 | rcode))) == expected);
        auto counted = Packet().flags(static_cast<std::uint16_t>(0x8100 | rcode)).bytes();
        counted[5] = 1;  // and nothing behind the header
        CHECK(check(query_for_a, counted) == expected);
    }
    // The upper bits of BADVERS (16) stand in the OPT; the header says NOERROR.
    auto badvers = Packet().flags(0x8100).edns(1232).bytes();
    CHECK(check(query_for_a, badvers) == ReplyFault::no_question);
    badvers[header_length + 5] = 1;
    CHECK(full_rcode_of(badvers) == 16);
    CHECK(check(query_for_a, badvers) == ReplyFault::none);
    CHECK(check(query_for_a, Packet().flags(0x8100 | 5 << 11)) == ReplyFault::opcode);
}

TEST_CASE("the Extended DNS Error of a reply is found wherever its OPT stands", "[dns]") {
    const Octets error = packet::option(15, Octets({0, 22, 'w', 'h', 'y'}));
    const auto found = [](Packet packet) { return extended_error_of(packet.bytes()); };
    CHECK(found(Packet::reply("x", a).edns(1232, error)) == 22);
    const Octets behind = packet::option(10, Octets(8, 1)) + error;
    CHECK(found(Packet::reply("x", a).answer("x", a, {1, 2, 3, 4}).edns(1232, behind)) == 22);
    CHECK(found(Packet::reply("x", a).edns(1232, packet::option(15, Octets(2, 0)) + error)) == 0);
    CHECK_FALSE(found(Packet::reply("x", a)));
    CHECK_FALSE(found(Packet::reply("x", a).edns(1232)));
    CHECK_FALSE(found(Packet::reply("x", a).edns(1232, packet::option(15, Octets(1, 9)))));
    const auto whole = Packet::reply("x", a).edns(1232, error).bytes();
    for (std::size_t length = header_length; length < whole.size(); ++length) {
        CHECK_FALSE(extended_error_of(whole.first(length)));
    }
}

TEST_CASE("an UPDATE may be answered by a header alone", "[dns]") {
    const auto update = Packet::query("x", a).opcode(5);
    CHECK(check(update, Packet().flags(0xa800)) == ReplyFault::none);
    CHECK(check(update, Packet().flags(0xa800).edns(512)) == ReplyFault::no_question);
    CHECK(check(Packet::query("x", a).opcode(4), Packet().flags(0xa000)) == ReplyFault::no_question);
}

TEST_CASE("type and class are compared byte by byte, not as letters", "[dns]") {
    CHECK(check(Packet::query("x", 0x4142), Packet::reply("x", 0x6162)) == ReplyFault::question);
    CHECK(check(Packet::query("x", a, 0x4142), Packet::reply("X", a, 0x6162)) == ReplyFault::question);
}

TEST_CASE("a reply without a question is good for failures only", "[dns]") {
    for (unsigned rcode = 0; rcode < 16; ++rcode) {
        const auto bare = Packet().flags(0x8000).rcode(rcode).bytes();
        const bool failure = rcode != 0 && rcode != 3;
        CHECK(check(query_for_a, bare) == (failure ? ReplyFault::none : ReplyFault::no_question));
        CHECK(check(query_for_a, bare, true) == ReplyFault::none);
    }
}

TEST_CASE("replies of any opcode are compared alike", "[dns]") {
    for (unsigned opcode = 0; opcode < 16; ++opcode) {
        CHECK(check(Packet::query("x", a).opcode(opcode), Packet::reply("x", a).opcode(opcode)) == ReplyFault::none);
        CHECK(check(Packet::query("x", a).opcode(opcode), Packet::reply("x", a).opcode(opcode ^ 1)) ==
              ReplyFault::opcode);
    }
}

TEST_CASE("a refusal has the client's question, RD and CD, and neither AA nor RA", "[dns]") {
    OwnAnswer refused;
    refused.rcode = Rcode::refused;
    refused.error = ExtendedError::not_authoritative;
    const auto query = Packet::query("wWw.example.com", a).id(0xbeef).flags(0xffff & ~0xf80f).bytes();
    CHECK(own_answer(query, refused) == Packet().id(0xbeef).flags(0x8115).question("wWw.example.com", a).bytes());
    CHECK(own_answer(Packet::query("x", a).flags(0), refused) == Packet().flags(0x8005).question("x", a).bytes());
}

TEST_CASE("an Extended DNS Error stands where the client has EDNS", "[dns]") {
    OwnAnswer failure;
    failure.error = ExtendedError::no_reachable_authority;
    Octets option_data = {0, 22};
    for (const char c : std::string_view("no upstream answered")) option_data.push_back(static_cast<std::uint8_t>(c));
    const auto query = Packet::query("x", a).edns(4096, {}, 0x8000);
    CHECK(own_answer(query, failure) ==
          Packet().flags(0x8102).question("x", a).edns(1232, packet::option(15, option_data), 0x8000).bytes());
    failure.error = ExtendedError::none;
    CHECK(own_answer(query, failure) == Packet().flags(0x8102).question("x", a).edns(1232, {}, 0x8000).bytes());
    for (const auto error : {ExtendedError::loop, ExtendedError::not_ready, ExtendedError::prohibited,
                             ExtendedError::not_authoritative, ExtendedError::no_reachable_authority,
                             ExtendedError::network_error}) {
        failure.error = error;
        const auto answer = own_answer(query, failure);
        const auto place = find_opt(answer);
        REQUIRE(place.found);
        const auto options = place.opt.rdata(answer);
        CHECK(read_u16(options.data() + 4) == static_cast<std::uint16_t>(error));
        CHECK(options.size() > 6);
        OwnAnswer brief = failure;
        brief.error_text = false;
        CHECK(own_answer(query, brief).size() == query.bytes().size() + 6);
    }
}

TEST_CASE("a negative answer is authoritative and has a SOA", "[dns]") {
    OwnAnswer negative;
    negative.rcode = Rcode::nxdomain;
    negative.authoritative = true;
    auto data = packet::name("localhost");
    data += packet::name("nobody.invalid");
    for (const std::uint32_t number : {1u, 3600u, 1200u, 604800u, 30u}) data += packet::u32(number);
    CHECK(own_answer(Packet::query("x", a, 3), negative) ==
          Packet().flags(0x8503).question("x", a, 3).authority(packet::record({0xc0, 12}, 6, data, 30, 3)).bytes());
    negative.rcode = Rcode::noerror;
    CHECK(
        own_answer(Packet::query("x", a).edns(512), negative) ==
        Packet().flags(0x8500).question("x", a).authority(packet::record({0xc0, 12}, 6, data, 30)).edns(1232).bytes());
}

TEST_CASE("the longest own answer fits into 512 bytes", "[dns]") {
    for (const auto error : {ExtendedError::loop, ExtendedError::not_ready, ExtendedError::prohibited,
                             ExtendedError::not_authoritative, ExtendedError::no_reachable_authority,
                             ExtendedError::network_error}) {
        OwnAnswer answer;
        answer.authoritative = true;
        answer.error = error;
        const auto bytes = own_answer(Packet::query(packet::name_of_length(255), a).edns(512), answer);
        CHECK(bytes.size() <= 512);
        CHECK(find_opt(bytes).records_end == bytes.size());
    }
}

TEST_CASE("an own answer of addresses: those of the type, in turn, with AA", "[dns]") {
    using dproxy::net::Address;
    const std::vector addresses{Address::v4(192, 0, 2, 1), *Address::parse("2001:db8::1"), Address::v4(192, 0, 2, 2)};
    OwnAnswer answer;
    answer.rcode = Rcode::noerror;
    answer.authoritative = true;
    answer.addresses = addresses;
    answer.first = 1;
    answer.ttl = 77;
    const Octets owner{0xc0, 12};
    const auto a_records = packet::record(owner, a, {192, 0, 2, 2}, 77) + packet::record(owner, a, {192, 0, 2, 1}, 77);
    const auto answered = own_answer(Packet::query("wWw.x", a).id(7), answer);
    CHECK(answered.first(header_length) == Octets{0, 7, 0x85, 0, 0, 1, 0, 2, 0, 0, 0, 0});
    CHECK(Octets(answered.end() - static_cast<std::ptrdiff_t>(a_records.size()), answered.end()) == a_records);
    const auto aaaa = own_answer(Packet::query("x", packet::qtype::aaaa).edns(4096), answer);
    CHECK(answer_count(aaaa) == 1);
    CHECK(find_opt(aaaa).records_end == aaaa.size());
    CHECK(find_opt(aaaa).found);
    CHECK(answer_count(own_answer(Packet::query("x", a, 255), answer)) == 2);

    // All else is there and empty: NODATA, with the SOA.
    for (const auto& query : {Packet::query("x", packet::qtype::mx), Packet::query("x", packet::qtype::any),
                              Packet::query("x", a, 3)}) {
        const auto nodata = own_answer(query, answer);
        CHECK(answer_count(nodata) == 0);
        CHECK(authority_count(nodata) == 1);
        CHECK(rcode_of(nodata) == 0);
    }
    answer.addresses = std::span(addresses).subspan(1, 1);
    answer.first = 0;
    CHECK(authority_count(own_answer(Packet::query("x", a), answer)) == 1);
}

TEST_CASE("an own answer of services is for the type SVCB, and cut for a small client", "[dns]") {
    const std::vector<std::vector<std::uint8_t>> services{{0, 1, 0}, std::vector<std::uint8_t>(300, 7)};
    OwnAnswer answer;
    answer.rcode = Rcode::noerror;
    answer.authoritative = true;
    answer.services = services;
    answer.ttl = 77;
    const auto answered = own_answer(Packet::query("x", type::svcb), answer);
    CHECK(answer_count(answered) == 2);
    const Octets records = packet::record({0xc0, 12}, type::svcb, {0, 1, 0}, 77) +
                           packet::record({0xc0, 12}, type::svcb, Octets(300, 7), 77);
    CHECK(Octets(answered.end() - static_cast<std::ptrdiff_t>(records.size()), answered.end()) == records);
    for (const auto& query : {Packet::query("x", a), Packet::query("x", type::https), Packet::query("x", type::any),
                              Packet::query("x", type::svcb, 3)}) {
        const auto nodata = own_answer(query, answer);
        CHECK(answer_count(nodata) == 0);
        CHECK(authority_count(nodata) == 1);
    }
    answer.limit = 300;
    const auto cut = own_answer(Packet::query("x", type::svcb), answer);
    CHECK(answer_count(cut) == 0);
    CHECK(is_truncated(cut));
}

TEST_CASE("addresses that do not fit the client are cut, and all fit any datagram", "[dns]") {
    std::vector<dproxy::net::Address> addresses(max_own_addresses, *dproxy::net::Address::parse("2001:db8::1"));
    OwnAnswer answer;
    answer.rcode = Rcode::noerror;
    answer.authoritative = true;
    answer.addresses = addresses;
    const auto query = Packet::query(packet::name_of_length(255), packet::qtype::aaaa).edns(4096);
    const auto whole = own_answer(query, answer);
    CHECK(answer_count(whole) == max_own_addresses);
    CHECK(whole.size() <= own_answer_capacity);
    CHECK(find_opt(whole).records_end == whole.size());
    answer.limit = 512;
    const auto cut = own_answer(query, answer);
    CHECK(answer_count(cut) == 0);
    CHECK(authority_count(cut) == 0);
    CHECK((cut[2] & 0x02) != 0);
    CHECK(cut.size() <= 512);
    answer.limit = whole.size();
    CHECK(own_answer(query, answer) == whole);
    answer.limit = whole.size() - 1;
    CHECK(answer_count(own_answer(query, answer)) == 0);
}

TEST_CASE("the answer of the rate limit has TC, and RA as RD", "[dns]") {
    OwnAnswer limit;
    limit.rcode = Rcode::noerror;
    limit.truncated = true;
    CHECK(own_answer(Packet::query("x", a), limit) == Packet().flags(0x8380).question("x", a).bytes());
    CHECK(own_answer(Packet::query("x", a).flags(0), limit) == Packet().flags(0x8200).question("x", a).bytes());
}

TEST_CASE("a bare answer is a header", "[dns]") {
    OwnAnswer bare;
    bare.rcode = Rcode::formerr;
    bare.bare = true;
    CHECK(own_answer(Packet::query("x", a), bare) == Packet().flags(0x8101).bytes());
    // RFC 6891 6.1.1: an OPT is answered by one.
    CHECK(own_answer(Packet::query("x", a).edns(512), bare) == Packet().flags(0x8101).edns(1232).bytes());
    CHECK(own_answer(Packet().flags(0x0100).edns(512), bare) == Packet().flags(0x8101).edns(1232).bytes());
    bare.bare = false;
    CHECK(own_answer(Packet().raw_question({0xc0, 12}, a), bare) == Packet().flags(0x8001).bytes());
    bare.rcode = Rcode::notimp;
    CHECK(own_answer(Packet().opcode(6).flags(0x3000), bare) == Packet().flags(0xb004).bytes());
}

TEST_CASE("own answers keep the opcode", "[dns]") {
    for (unsigned opcode = 0; opcode < 16; ++opcode)
        CHECK(opcode_of(own_answer(Packet::query("x", a).opcode(opcode), {})) == opcode);
}

TEST_CASE("an EDNS version that is not known is answered BADVERS", "[dns]") {
    OwnAnswer answer;
    answer.rcode = Rcode::nxdomain;
    answer.authoritative = true;
    const auto query = Packet::query("x", a).edns(1232, {}, 0x00018000);
    CHECK(own_answer(query, answer) == Packet().flags(0x8100).question("x", a).edns(1232, {}, 0x01008000).bytes());
    for (const auto rcode : {Rcode::formerr, Rcode::notimp}) {
        answer = {};
        answer.rcode = rcode;
        CHECK(
            own_answer(query, answer) ==
            Packet().flags(0x8100).rcode(static_cast<unsigned>(rcode)).question("x", a).edns(1232, {}, 0x8000).bytes());
    }
}

TEST_CASE("a reply is cut to header, question and OPT", "[dns]") {
    auto reply = Packet::reply("x.example", a).flags(0x85b0).answer("x.example", a, Octets(600, 1));
    CHECK(truncated(reply) == Packet().flags(0x87b0).question("x.example", a).bytes());
    const auto options = packet::option(15, {0, 3});
    const auto with_opt = Packet(reply).edns(1232, options, 0x8000).additional(packet::record({0}, 250, {1}));
    CHECK(truncated(with_opt) == Packet().flags(0x87b0).question("x.example", a).edns(1232, options, 0x8000).bytes());
}

TEST_CASE("an OPT that does not fit is left out", "[dns]") {
    const auto reply = Packet::reply("x", a).edns(1232, packet::option(12, Octets(100, 0))).bytes();
    const std::size_t whole = reply.size();
    CHECK(truncated(reply, whole) ==
          Packet(Packet::reply("x", a)).set(0x0200).edns(1232, packet::option(12, Octets(100, 0))).bytes());
    CHECK(truncated(reply, whole - 1) == Packet::reply("x", a).set(0x0200).bytes());
    Octets small(header_length + 259 + 11);
    CHECK(write_truncated(Packet::reply("x", a).edns(512, Octets(65000, 0)), 65535, small) == 12 + 3 + 4);
}

TEST_CASE("a reply that cannot be walked is cut to header and question", "[dns]") {
    CHECK(truncated(Packet::reply("x", a).edns(1232).counts(1, 0, 0, 2)) == Packet::reply("x", a).set(0x0200).bytes());
    CHECK(truncated(Packet::reply("x", a).edns(1232).counts(1, 9, 0, 0)) == Packet::reply("x", a).set(0x0200).bytes());
}

TEST_CASE("a reply without a readable question is cut to its header", "[dns]") {
    const auto bare = Packet().flags(0x8381).bytes();
    CHECK(truncated(Packet().flags(0x8181).trailing(Octets(600, 1))) == bare);
    CHECK(truncated(Packet().flags(0x8181).raw_question({0xc0, 12}, a)) == bare);
    CHECK(truncated(Packet().flags(0x8181).counts(1, 0, 0, 0)) == bare);
    CHECK(truncated(Packet().flags(0x8181).question("www.example.com", a), 20) == bare);
}

TEST_CASE("each prefix of a reply is cut without a fault of ours", "[dns]") {
    const auto reply =
        Packet::reply("www.example.com", a).answer("www.example.com", a, {1, 2, 3, 4}).edns(1232).bytes();
    for (std::size_t length = header_length; length <= reply.size(); ++length) {
        const Octets prefix(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(length));
        const auto cut = truncated(prefix);
        CHECK(is_truncated(cut));
        CHECK(find_opt(cut).walks);
        CHECK(find_opt(cut).records_end == cut.size());
        CHECK((length < reply.size() || find_opt(cut).found));
    }
}
