// SPDX-License-Identifier: MIT
// A client's message, and each of dproxy's own answers to it: the answer is a response with the client's
// ID, opcode and question, walks to its end, and can be taken for the reply by check_reply.
#include <algorithm>
#include <array>
#include <vector>

#include "dns/query.hpp"
#include "dns/record.hpp"
#include "dns/reply.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

namespace {

void check_answer(Bytes message, const Query& query, const OwnAnswer& wanted) {
    std::array<std::uint8_t, own_answer_capacity> out;
    const Bytes answer(out.data(), write_own_answer(message, query, wanted, out));
    MUST_HOLD(answer.size() >= header_length);
    MUST_HOLD(is_response(answer) && id_of(answer) == id_of(message) && opcode_of(answer) == opcode_of(message));
    const auto place = find_opt(answer);
    MUST_HOLD(place.walks && place.records_end == answer.size());
    MUST_HOLD(place.found == query.has_edns);
    if (wanted.bare || !query.has_question) {
        MUST_HOLD(question_count(answer) == 0);
        return;
    }
    MUST_HOLD(check_reply(message, query.question, answer) == ReplyFault::none);
}

/// All or none, and never more than the client takes.
void check_addresses(Bytes message, const Query& query) {
    std::vector<dproxy::net::Address> addresses;
    for (std::uint8_t i = 0; i < max_own_addresses; ++i) {
        addresses.push_back(dproxy::net::Address::v4(192, 0, 2, i));
        if (i % 3 == 0) addresses.back().bytes[0] = 0x20;
    }
    OwnAnswer answer;
    answer.rcode = Rcode::noerror;
    answer.authoritative = true;
    answer.addresses = addresses;
    answer.first = query.records_end % max_own_addresses;
    for (const std::size_t limit : {std::size_t{512}, own_answer_capacity}) {
        answer.limit = limit;
        check_answer(message, query, answer);
        std::array<std::uint8_t, own_answer_capacity> out;
        const Bytes written(out.data(), write_own_answer(message, query, answer, out));
        MUST_HOLD(written.size() <= limit);
        const std::uint16_t count = answer_count(written);
        MUST_HOLD(count == 0 || count == (query.question.type == type::a ? 21 : 11));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes message(data, size);
    const Query query = read_query(message);
    if (query.form == QueryForm::too_short || query.form == QueryForm::response) return 0;
    MUST_HOLD(!query.walks || (query.records_end >= query.question.end && query.records_end <= size));
    MUST_HOLD(!query.has_edns || query.opt_offset >= query.question.end);
    MUST_HOLD(!query.has_edns || query.has_question || question_count(message) == 0);
    MUST_HOLD(query.has_question || query.form != QueryForm::good);
    for (const bool flag : {false, true}) {
        OwnAnswer answer;
        answer.error = ExtendedError::no_reachable_authority;
        answer.authoritative = flag;
        check_answer(message, query, answer);
        answer = {};
        answer.rcode = Rcode::formerr;
        answer.truncated = answer.bare = flag;
        check_answer(message, query, answer);
        answer = {};
        answer.rcode = Rcode::noerror;
        answer.authoritative = answer.truncated = flag;
        check_answer(message, query, answer);
    }
    check_addresses(message, query);
    return 0;
}
