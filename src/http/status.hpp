// SPDX-License-Identifier: MIT
// The status codes that are given (RFC 9110 15). An error of DNS is none: it is an answer, 200 (RFC 8484 4.2.1).
#pragma once

#include <cstdint>

namespace dproxy::http {

enum class Status : std::uint16_t {
    ok = 200,
    no_content = 204,             ///< to a preflight of a browser
    bad_request = 400,            ///< no `dns`, several, no base64url, no DNS message, a GET with a body
    not_found = 404,              ///< another path
    method_not_allowed = 405,     ///< other than GET and POST
    content_too_large = 413,
    target_too_long = 414,
    unsupported_media_type = 415,  ///< other than application/dns-message, or encoded
    fields_too_large = 431,
    not_implemented = 501,        ///< a method that nobody knows
    unavailable = 503,
};

}  // namespace dproxy::http
