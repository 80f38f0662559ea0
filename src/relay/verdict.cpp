// SPDX-License-Identifier: MIT
#include "relay/verdict.hpp"

namespace dproxy::proxy {

using dns::ExtendedError;
using dns::QueryForm;
using dns::Rcode;
using routing::LocalAnswer;
using telemetry::Drop;
using telemetry::Rejection;

std::optional<Verdict> judge_form(const dns::Query& query) {
    Verdict verdict;
    switch (query.form) {
        case QueryForm::good:
            return std::nullopt;
        case QueryForm::too_short:
            verdict.drop = Drop::short_message;
            return verdict;
        case QueryForm::response:
            verdict.drop = Drop::response;
            return verdict;
        case QueryForm::not_implemented:
            verdict.answer.rcode = Rcode::notimp;
            verdict.rejection = Rejection::not_implemented;
            verdict.answer.bare = !query.has_question;
            return verdict;
        case QueryForm::format_error:
        case QueryForm::format_error_bare:
            verdict.answer.rcode = Rcode::formerr;
            verdict.answer.bare = query.form == QueryForm::format_error_bare;
            return verdict;
    }
    return verdict;
}

Verdict refuse(Rejection why) {
    Verdict verdict;
    verdict.rejection = why;
    verdict.answer.rcode = Rcode::refused;
    verdict.answer.error = ExtendedError::prohibited;
    return verdict;
}

Verdict refuse_transfer() {
    Verdict verdict;
    verdict.rejection = Rejection::not_implemented;
    verdict.answer.rcode = Rcode::notimp;
    return verdict;
}

Verdict fail(Rejection why, ExtendedError error) {
    Verdict verdict;
    verdict.rejection = why;
    verdict.answer.rcode = Rcode::servfail;
    verdict.answer.error = error;
    return verdict;
}

Verdict local_answer(LocalAnswer answer, Rejection why, ExtendedError refusal) {
    Verdict verdict;
    verdict.rejection = why;
    switch (answer) {
        case LocalAnswer::drop:
            verdict.drop = Drop::route_answer;
            break;
        case LocalAnswer::nxdomain:
            verdict.answer.rcode = Rcode::nxdomain;
            verdict.answer.authoritative = true;
            break;
        case LocalAnswer::nodata:
        case LocalAnswer::addresses:
            verdict.answer.rcode = Rcode::noerror;
            verdict.answer.authoritative = true;
            break;
        case LocalAnswer::servfail:
            verdict.answer.rcode = Rcode::servfail;
            verdict.answer.error = refusal;
            break;
        case LocalAnswer::refused:
        case LocalAnswer::none:
            verdict.answer.rcode = Rcode::refused;
            verdict.answer.error = refusal;
            break;
    }
    return verdict;
}

Verdict address_answer(const routing::RouteSettings& settings, std::size_t rotation) {
    Verdict verdict;
    verdict.rejection = std::nullopt;
    verdict.answer.rcode = Rcode::noerror;
    verdict.answer.authoritative = true;
    verdict.answer.addresses = settings.answer_addresses;
    verdict.answer.first = rotation % settings.answer_addresses.size();
    verdict.answer.ttl = static_cast<std::uint32_t>(settings.ttl.count());
    return verdict;
}

Verdict designated_answer(std::span<const dns::RecordData> records) {
    Verdict verdict;
    verdict.rejection = std::nullopt;
    verdict.answer.rcode = Rcode::noerror;
    verdict.answer.authoritative = true;
    verdict.answer.services = records;
    verdict.answer.ttl = dns::DesignatedResolvers::ttl;
    return verdict;
}

}  // namespace dproxy::proxy
