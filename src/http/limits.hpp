// SPDX-License-Identifier: MIT
// Limits of DNS over HTTPS towards clients. None of them is a setting.
#pragma once

#include <cstddef>

#include "dns/message.hpp"

namespace dproxy::http {

/// Of one request: the names and values of all its fields, each with what RFC 9113 6.5.2 counts in addition; in
/// HTTP/1.1 its head as it is written, too. More is answered with 431.
inline constexpr std::size_t header_bytes = 16 * 1024;
inline constexpr std::size_t field_overhead = 32;
/// Path and query; more is answered with 414 (RFC 9110 4.1 wants 8,000 at least).
inline constexpr std::size_t target_bytes = 8192;
/// The longest DNS message; more is answered with 413.
inline constexpr std::size_t body_bytes = dns::max_message_length;
/// Hops of `Forwarded` or `X-Forwarded-For` that are looked at, from the nearest on.
inline constexpr std::size_t forwarded_hops = 32;
/// Kept of what a client sends ahead of its turn in HTTP/1.1: a whole request, and the beginning of the next.
inline constexpr std::size_t pipelined_bytes = header_bytes + body_bytes;
/// Of answers that were not fetched: with more, HTTP/1.1 takes up no further request.
inline constexpr std::size_t unfetched_bytes = 64 * 1024;

}  // namespace dproxy::http
