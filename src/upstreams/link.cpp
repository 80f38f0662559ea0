// SPDX-License-Identifier: MIT
#include "upstreams/link.hpp"

#include "routing/upstream_choice.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

Link::~Link() {
    std::erase_if(upstream_.context().reports, [this](const LinkReport& one) { return one.link == this; });
}

bool Link::take_late(Ticket ticket, dns::Bytes reply) {
    dns::Question question;
    if (!dns::is_response(reply) || dns::question_count(reply) != 1) return false;
    if (dns::read_question(reply, question) != dns::QuestionFault::none) return false;
    return given_up_.take(ticket, hash_of_question(reply, question));
}

std::uint32_t hash_of_question(dns::Bytes message, const dns::Question& question) {
    const std::uint64_t hash = routing::hash_of_name(question.name(message)) +
                               (std::uint64_t{question.type} << 16 | question.qclass) * 0x9e3779b97f4a7c15;
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace dproxy::proxy
