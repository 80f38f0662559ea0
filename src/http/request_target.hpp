// SPDX-License-Identifier: MIT
// The target of a request (RFC 9112 3.2, RFC 9113 8.3.1): its path, and the message in its parameter `dns`.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/status.hpp"

namespace dproxy::http {

/// Views into the target.
struct RequestTarget {
    std::string_view path;
    std::string_view query;  ///< without the `?`
};
/// `/dns-query?dns=...`, `*`, and the absolute form, `https://host/dns-query`.
RequestTarget split_target(std::string_view target);

/// The message in a query, or why there is none.
struct DnsParameter {
    Status status = Status::bad_request;  ///< `ok` where `message` is filled
    std::vector<std::uint8_t> message;
};
/// `dns` stands exactly once; other parameters play no part (RFC 8484 4.1 leaves them to the template). Names and
/// values may be percent-encoded. What is too long is 414 before it is decoded.
DnsParameter read_dns_parameter(std::string_view query);

}  // namespace dproxy::http
