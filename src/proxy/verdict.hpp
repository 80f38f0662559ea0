// SPDX-License-Identifier: MIT
// What dproxy answers by itself, and how that counts. Decisions only: no sockets, no clock.
#pragma once

#include <cstdint>
#include <optional>

#include "dns/query.hpp"
#include "dns/reply.hpp"
#include "routing/route_settings.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// A query that goes no further.
struct Verdict {
    /// Why it was not answered at all; then `answer` means nothing.
    std::optional<telemetry::Drop> drop;
    dns::OwnAnswer answer;
    telemetry::Rejection rejection = telemetry::Rejection::format_error;
};

/// By the form of the message (DESIGN 3.3 "Bad input"); nothing when it is good.
std::optional<Verdict> judge_form(const dns::Query& query);

Verdict refuse(telemetry::Rejection why);                      ///< REFUSED, EDE 18
Verdict fail(telemetry::Rejection why, dns::ExtendedError error);  ///< SERVFAIL
/// The answer of a route that has no upstream (`answer`), or of a name that has no route (`norouteanswer`).
Verdict local_answer(routing::LocalAnswer answer, telemetry::Rejection why, dns::ExtendedError refusal);

}  // namespace dproxy::proxy
