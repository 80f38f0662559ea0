// SPDX-License-Identifier: MIT
// What dproxy answers by itself, and how that counts. Decisions only: no sockets, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dns/designated_resolvers.hpp"
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
    /// None where the client gets what it asked for.
    std::optional<telemetry::Rejection> rejection = telemetry::Rejection::format_error;
};

/// By the form of the message; nothing when it is good.
std::optional<Verdict> judge_form(const dns::Query& query);

Verdict refuse(telemetry::Rejection why);                      ///< REFUSED, EDE 18
Verdict refuse_transfer();                                     ///< NOTIMP
Verdict fail(telemetry::Rejection why, dns::ExtendedError error);  ///< SERVFAIL
/// The answer of a route that has no upstream (`answer`), or of a name that has no route (`norouteanswer`).
Verdict local_answer(routing::LocalAnswer answer, telemetry::Rejection why, dns::ExtendedError refusal);
/// The addresses of a route (LocalAnswer::addresses), the one numbered `rotation` first. They stay the route's.
Verdict address_answer(const routing::RouteSettings& settings, std::size_t rotation);

/// The SVCB records of a name that `ddr_name` answers for, or NODATA. They stay the caller's.
Verdict designated_answer(std::span<const dns::RecordData> records);

}  // namespace dproxy::proxy
