// SPDX-License-Identifier: MIT
// A client's message, and each of dproxy's own answers to it: the answer is a response with the client's
// ID, opcode and question, walks to its end, and can be taken for the reply by check_reply.
#include <algorithm>
#include <array>

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
    if (wanted.bare || !query.has_question) {
        MUST_HOLD(answer.size() == header_length);
        return;
    }
    MUST_HOLD(place.found == query.has_edns);
    MUST_HOLD(check_reply(message, query.question, answer) == ReplyFault::none);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes message(data, size);
    const Query query = read_query(message);
    if (query.form == QueryForm::too_short || query.form == QueryForm::response) return 0;
    MUST_HOLD(!query.walks || (query.records_end >= query.question.end && query.records_end <= size));
    MUST_HOLD(!query.has_edns || (query.has_question && query.opt_offset >= query.question.end));
    MUST_HOLD(query.has_question || query.form != QueryForm::good);
    for (const bool flag : {false, true}) {
        check_answer(message, query, {Rcode::servfail, ExtendedError::no_reachable_authority, flag, false, false});
        check_answer(message, query, {Rcode::formerr, ExtendedError::none, false, flag, flag});
        check_answer(message, query, {Rcode::noerror, ExtendedError::none, flag, flag, false});
    }
    return 0;
}
