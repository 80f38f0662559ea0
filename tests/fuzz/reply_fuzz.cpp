// SPDX-License-Identifier: MIT
// A reply from an upstream: taken for the reply to its own question, cut for small clients, described.
#include <vector>

#include "dns/record.hpp"
#include "dns/record_text.hpp"
#include "dns/reply.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes reply(data, size);
    MUST_HOLD(describe_reply(reply).back() == '\n');
    if (size < header_length || size > max_message_length) return 0;

    Question question;
    const bool readable = read_question(reply, question) == QuestionFault::none;
    if (readable) {
        const auto fault = check_reply(reply, question, reply);
        MUST_HOLD((fault == ReplyFault::none || fault == ReplyFault::not_response || fault == ReplyFault::no_question));
        MUST_HOLD(question_count(reply) != 1 || !is_response(reply) || fault == ReplyFault::none);
    }
    for (const std::size_t limit : {header_length, std::size_t{40}, min_udp_size, safe_udp_size}) {
        std::vector<std::uint8_t> out(limit);
        const Bytes cut(out.data(), write_truncated(reply, limit, out));
        const auto place = find_opt(cut);
        MUST_HOLD(is_truncated(cut) && id_of(cut) == id_of(reply) && rcode_of(cut) == rcode_of(reply));
        MUST_HOLD(place.walks && place.records_end == cut.size());
        MUST_HOLD(answer_count(cut) == 0 && authority_count(cut) == 0);
    }
    return 0;
}
