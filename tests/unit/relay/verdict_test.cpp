// SPDX-License-Identifier: MIT
#include "relay/verdict.hpp"

#include "catch.hpp"

using namespace dproxy::proxy;
using dproxy::dns::ExtendedError;
using dproxy::dns::Query;
using dproxy::dns::QueryForm;
using dproxy::dns::Rcode;
using dproxy::routing::LocalAnswer;
using dproxy::telemetry::Drop;
using dproxy::telemetry::Rejection;

namespace {

std::optional<Verdict> judge(QueryForm form, bool has_question = true) {
    Query query;
    query.form = form;
    query.has_question = has_question;
    return judge_form(query);
}

}  // namespace

TEST_CASE("a message is judged by its form", "[verdict]") {
    CHECK_FALSE(judge(QueryForm::good));
    CHECK(judge(QueryForm::too_short)->drop == Drop::short_message);
    CHECK(judge(QueryForm::response)->drop == Drop::response);

    const auto opcode = judge(QueryForm::not_implemented, false);
    CHECK_FALSE(opcode->drop);
    CHECK(opcode->answer.rcode == Rcode::notimp);
    CHECK(opcode->answer.bare);
    CHECK(opcode->rejection == Rejection::not_implemented);

    const auto records = judge(QueryForm::format_error);
    CHECK(records->answer.rcode == Rcode::formerr);
    CHECK_FALSE(records->answer.bare);
    CHECK(records->rejection == Rejection::format_error);
    CHECK(judge(QueryForm::format_error_bare)->answer.bare);
}

TEST_CASE("a refusal says that it is one", "[verdict]") {
    const Verdict verdict = refuse(Rejection::not_allowed);
    CHECK(verdict.answer.rcode == Rcode::refused);
    CHECK(verdict.answer.error == ExtendedError::prohibited);
    CHECK(verdict.rejection == Rejection::not_allowed);
    CHECK_FALSE(verdict.answer.authoritative);
}

TEST_CASE("the answers of a route without upstream", "[verdict]") {
    const auto answer = [](LocalAnswer what) {
        return local_answer(what, Rejection::route_answer, ExtendedError::prohibited);
    };
    CHECK(answer(LocalAnswer::drop).drop == Drop::route_answer);
    CHECK(answer(LocalAnswer::refused).answer.rcode == Rcode::refused);
    CHECK(answer(LocalAnswer::refused).answer.error == ExtendedError::prohibited);
    CHECK(answer(LocalAnswer::servfail).answer.rcode == Rcode::servfail);
    CHECK_FALSE(answer(LocalAnswer::servfail).answer.authoritative);
    // Stub resolvers take an empty answer for final only from an authority, with a SOA (RFC 2308).
    CHECK(answer(LocalAnswer::nodata).answer.rcode == Rcode::noerror);
    CHECK(answer(LocalAnswer::nodata).answer.authoritative);
    CHECK(answer(LocalAnswer::nxdomain).answer.rcode == Rcode::nxdomain);
    CHECK(answer(LocalAnswer::nxdomain).answer.authoritative);
}

TEST_CASE("a zone that cannot be carried is what nobody has implemented", "[verdict]") {
    CHECK(refuse_transfer().answer.rcode == Rcode::notimp);
    CHECK(refuse_transfer().rejection == Rejection::not_implemented);
}

TEST_CASE("addresses of a route are no rejection, and take turns", "[verdict]") {
    dproxy::routing::RouteSettings settings;
    settings.answer_addresses = {dproxy::net::Address::v4(192, 0, 2, 1), dproxy::net::Address::v4(192, 0, 2, 2)};
    settings.ttl = std::chrono::seconds(5);
    const Verdict verdict = address_answer(settings, 3);
    CHECK_FALSE(verdict.rejection);
    CHECK_FALSE(verdict.drop);
    CHECK(verdict.answer.authoritative);
    CHECK(verdict.answer.ttl == 5);
    CHECK(verdict.answer.first == 1);
    CHECK(verdict.answer.addresses.size() == 2);
}
