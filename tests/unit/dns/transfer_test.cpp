// SPDX-License-Identifier: MIT
#include "dns/transfer.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;
using packet::qtype::axfr;
using packet::qtype::ixfr;
using Step = TransferProgress::Step;

namespace {

const Octets zone_pointer = {0xc0, 12};

Octets soa(std::uint32_t serial) { return packet::record(zone_pointer, packet::qtype::soa, packet::soa_data(serial)); }
Octets host() { return packet::record({1, 'h', 0xc0, 12}, packet::qtype::a, {192, 0, 2, 1}); }

Packet message(std::initializer_list<Octets> records, std::uint16_t type = axfr) {
    auto reply = Packet::reply("zone.example", type);
    for (const auto& record : records) reply.answer(record);
    return reply;
}

TransferProgress progress(const Octets& query) {
    Question question;
    REQUIRE(read_question(query, question) == QuestionFault::none);
    return {query, question};
}
TransferProgress axfr_progress() { return progress(Packet::query("zone.example", axfr)); }
TransferProgress ixfr_progress(std::uint32_t client_serial) {
    return progress(Packet::query("zone.example", ixfr).authority(soa(client_serial)));
}

}  // namespace

TEST_CASE("an AXFR ends with its second SOA", "[dns]") {
    CHECK(axfr_progress().feed(message({soa(5), host(), host(), soa(5)})) == Step::done);
    CHECK(axfr_progress().feed(message({soa(5), soa(5)})) == Step::done);

    auto in_pieces = axfr_progress();
    CHECK(in_pieces.feed(message({soa(5)})) == Step::more);
    CHECK(in_pieces.feed(message({host()})) == Step::more);
    CHECK(in_pieces.feed(message({})) == Step::more);
    CHECK(in_pieces.feed(message({host(), host()})) == Step::more);
    CHECK(in_pieces.feed(message({soa(5)})) == Step::done);
}

TEST_CASE("later messages may come without a question", "[dns]") {
    auto transfer = axfr_progress();
    CHECK(transfer.feed(message({soa(5), host()})) == Step::more);
    CHECK(transfer.feed(Packet().flags(0x8400).answer("h.zone.example", 1, {1, 2, 3, 4})) == Step::more);
    CHECK(transfer.feed(Packet().flags(0x8400).answer("zone.example", 6, packet::soa_data(5))) == Step::done);
}

TEST_CASE("an error rcode ends a transfer, at its start and within", "[dns]") {
    CHECK(axfr_progress().feed(message({}).rcode(5)) == Step::done);
    CHECK(axfr_progress().feed(Packet().flags(0x8009)) == Step::done);
    auto transfer = axfr_progress();
    CHECK(transfer.feed(message({soa(5), host()})) == Step::more);
    CHECK(transfer.feed(message({}).rcode(2)) == Step::done);
}

TEST_CASE("a reply without answers is no transfer, and all there is", "[dns]") {
    CHECK(axfr_progress().feed(message({})) == Step::done);
    CHECK(axfr_progress().feed(message({}).authority(soa(5))) == Step::done);
}

TEST_CASE("the names of a SOA may be compressed, its serial is found", "[dns]") {
    const auto compressed = packet::record(zone_pointer, 6, packet::soa_data(7, {2, 'n', 's', 0xc0, 12}, {0xc0, 12}));
    CHECK(ixfr_progress(7).feed(message({compressed}, ixfr)) == Step::done);
    CHECK(ixfr_progress(6).feed(message({compressed}, ixfr)) == Step::more);
}

TEST_CASE("an IXFR client that is current gets a single SOA", "[dns]") {
    CHECK(ixfr_progress(5).feed(message({soa(5)}, ixfr)) == Step::done);
    CHECK(ixfr_progress(6).feed(message({soa(5)}, ixfr)) == Step::done);
    CHECK(ixfr_progress(4).feed(message({soa(5)}, ixfr)) == Step::more);
    CHECK(ixfr_progress(0xffffffff).feed(message({soa(1)}, ixfr)) == Step::more);  // 1 is newer on the circle
    CHECK(ixfr_progress(1).feed(message({soa(0xffffffff)}, ixfr)) == Step::done);
}

TEST_CASE("without the client's serial a single SOA is only a beginning", "[dns]") {
    CHECK(progress(Packet::query("zone.example", ixfr)).feed(message({soa(5)}, ixfr)) == Step::more);
    CHECK(progress(Packet::query("zone.example", ixfr).counts(1, 0, 9, 0)).feed(message({soa(5)}, ixfr)) == Step::more);
    const auto unreadable = packet::record(zone_pointer, 6, {0, 0, 1});
    CHECK(progress(Packet::query("zone.example", ixfr).authority(unreadable)).feed(message({soa(5)}, ixfr)) ==
          Step::more);
}

TEST_CASE("an IXFR may be answered like an AXFR", "[dns]") {
    CHECK(ixfr_progress(4).feed(message({soa(5), host(), soa(5)}, ixfr)) == Step::done);
    CHECK(ixfr_progress(4).feed(message({soa(5), soa(5)}, ixfr)) == Step::done);
    auto in_pieces = ixfr_progress(4);
    CHECK(in_pieces.feed(message({soa(5)}, ixfr)) == Step::more);
    CHECK(in_pieces.feed(message({host()}, ixfr)) == Step::more);
    CHECK(in_pieces.feed(message({soa(5)}, ixfr)) == Step::done);
    CHECK(ixfr_progress(5).feed(message({soa(5), host()}, ixfr)) == Step::more);  // current, and sent in full
}

TEST_CASE("differences end with the closing SOA, not with one between them", "[dns]") {
    const std::vector<Octets> records = {soa(5), soa(3), host(), soa(4), host(),
                                         soa(4), host(), soa(5), host(), soa(5)};
    auto whole = ixfr_progress(3);
    auto all = Packet::reply("zone.example", ixfr);
    for (const auto& record : records) all.answer(record);
    CHECK(whole.feed(all) == Step::done);

    auto one_by_one = ixfr_progress(3);
    for (std::size_t index = 0; index < records.size(); ++index) {
        INFO(index);
        CHECK(one_by_one.feed(message({records[index]}, ixfr)) ==
              (index + 1 < records.size() ? Step::more : Step::done));
    }
}

TEST_CASE("a difference without deletions or additions", "[dns]") {
    CHECK(ixfr_progress(4).feed(message({soa(5), soa(4), soa(5), host(), soa(5)}, ixfr)) == Step::done);
    CHECK(ixfr_progress(4).feed(message({soa(5), soa(4), host(), soa(5), soa(5)}, ixfr)) == Step::done);
    CHECK(ixfr_progress(4).feed(message({soa(5), soa(4), host(), soa(5)}, ixfr)) == Step::more);
}

TEST_CASE("many differences, in messages that begin and end anywhere", "[dns]") {
    // From serial 0xfffffffe over the wrap to 3: five sequences.
    std::vector<Octets> records{soa(3)};
    for (std::uint32_t from = 0xfffffffe; from != 3; ++from) {
        records.insert(records.end(), {soa(from), host(), host(), soa(from + 1), host()});
    }
    records.push_back(soa(3));
    for (std::size_t size = 1; size <= records.size(); ++size) {
        INFO(size);
        auto transfer = ixfr_progress(0xfffffffe);
        for (std::size_t begin = 0; begin < records.size(); begin += size) {
            auto part = Packet::reply("zone.example", ixfr);
            const std::size_t end = std::min(records.size(), begin + size);
            for (std::size_t i = begin; i < end; ++i) part.answer(records[i]);
            CHECK(transfer.feed(part) == (end == records.size() ? Step::done : Step::more));
        }
    }
}

TEST_CASE("condensed differences end where they reach the newest version", "[dns]") {
    // RFC 1995 4: several versions in one sequence.
    CHECK(ixfr_progress(1).feed(message({soa(9), soa(1), host(), soa(9), host(), soa(9)}, ixfr)) == Step::done);
    auto transfer = ixfr_progress(1);
    CHECK(transfer.feed(message({soa(9), soa(1), host(), soa(6), host()}, ixfr)) == Step::more);
    CHECK(transfer.feed(message({soa(6), host(), soa(9), host()}, ixfr)) == Step::more);
    CHECK(transfer.feed(message({soa(9)}, ixfr)) == Step::done);
}

TEST_CASE("differences that never reach the newest version have no end", "[dns]") {
    auto transfer = ixfr_progress(1);
    CHECK(transfer.feed(message({soa(9)}, ixfr)) == Step::more);
    for (int round = 0; round < 1000; ++round) {
        CHECK(transfer.feed(message({soa(1), host(), soa(2), host()}, ixfr)) == Step::more);
    }
    CHECK(transfer.feed(message({soa(9)}, ixfr)) == Step::done);
}

TEST_CASE("records behind the closing SOA change nothing", "[dns]") {
    CHECK(axfr_progress().feed(message({soa(5), host(), soa(5), host(), soa(6)})) == Step::done);
    CHECK(ixfr_progress(4).feed(message({soa(5), soa(4), soa(5), soa(5), soa(4), soa(5)}, ixfr)) == Step::done);
}

TEST_CASE("only a SOA of the zone itself opens and closes", "[dns]") {
    const auto below = packet::record({1, 'h', 0xc0, 12}, packet::qtype::soa, packet::soa_data(5));
    const auto spelled = packet::record({4, 'Z', 'O', 'n', 'e', 7, 'E', 'X', 'a', 'm', 'p', 'l', 'e', 0},
                                        packet::qtype::soa, packet::soa_data(5));
    CHECK(axfr_progress().feed(message({soa(5), host(), below, host()})) == Step::more);
    CHECK(axfr_progress().feed(message({soa(5), below, soa(5)})) == Step::done);
    CHECK(axfr_progress().feed(message({below, host(), soa(5)})) == Step::malformed);
    CHECK(axfr_progress().feed(message({spelled, host(), soa(5)})) == Step::done);
    CHECK(axfr_progress().feed(message({soa(5), host(), spelled})) == Step::done);
    const auto looping = packet::record({0xc0, 0xff}, packet::qtype::soa, packet::soa_data(5));
    CHECK(axfr_progress().feed(message({soa(5), looping})) == Step::malformed);
    // In differences, a SOA below the zone is one of the records that come or go.
    CHECK(ixfr_progress(4).feed(message({soa(5), soa(4), below, soa(5), below, soa(5)}, ixfr)) == Step::done);
}

TEST_CASE("what cannot be read is malformed", "[dns]") {
    CHECK(axfr_progress().feed(Octets(11, 0)) == Step::malformed);
    CHECK(axfr_progress().feed(message({host()})) == Step::malformed);
    CHECK(axfr_progress().feed(message({soa(5)}).counts(1, 2, 0, 0)) == Step::malformed);
    CHECK(axfr_progress().feed(message({soa(5)}).question("x", 1)) == Step::malformed);
    CHECK(axfr_progress().feed(message({packet::record(zone_pointer, 6, {0, 0, 1, 2})})) == Step::malformed);
    auto long_soa = packet::soa_data(5);
    long_soa.push_back(0);
    CHECK(axfr_progress().feed(message({packet::record(zone_pointer, 6, long_soa)})) == Step::malformed);
    const auto whole = message({soa(5), host(), soa(5)}).bytes();
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK(axfr_progress().feed(Bytes(whole).first(length)) == Step::malformed);
}
