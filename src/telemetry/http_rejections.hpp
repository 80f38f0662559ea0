// SPDX-License-Identifier: MIT
// What the HTTP side refused or cut, by the limit that was reached: dproxy_http_rejected_total{reason}.
#pragma once

#include <cstdint>
#include <string_view>

#include "telemetry/counters.hpp"

namespace dproxy::telemetry {

enum class HttpRejection : std::uint8_t {
    connections,             ///< all were taken: the longest idle one gave way
    connections_per_client,  ///< the same of one client's
    header_size,             ///< 431
    body,                    ///< 413
    method,                  ///< 405
    not_local,               ///< 403: an order that was not given on this machine, or through a browser or proxy
    malformed,               ///< 400: no HTTP, or a percent sign without its digits
    host,                    ///< 421: a name that is not dproxy's; 400: none, or what is none
    idle,                    ///< closed between requests, or before the first
    request_timeout,         ///< closed in the middle of a request
    response_timeout,        ///< closed as the client does not take its response
    response_bytes,          ///< 503: too much is being sent to others
    failed,                  ///< 500: a page could not be made; cut off: it could not be ended
    count_,
};

std::string_view name_of(HttpRejection reason);

/// The thread of the connections adds, any thread reads.
using HttpRejections = CounterBy<HttpRejection>;

}  // namespace dproxy::telemetry
