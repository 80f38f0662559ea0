// SPDX-License-Identifier: MIT
// One plain HTTP/1.1 request without a body, waited for: how verbs ask a running instance.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.hpp"

namespace dproxy::cli {

inline constexpr std::chrono::seconds http_timeout{3};  ///< connecting, asking and reading together
inline constexpr std::uint64_t max_http_body = 1ULL << 30;  ///< the table of a million routes fits

struct Url {
    std::string host;  ///< as written, with brackets around IPv6: for the Host field
    std::vector<net::Endpoint> endpoints;  ///< to be tried in turn: `localhost` is one of each family. Never empty
    std::string target;                    ///< path and query, `/` at least

    /// `http://IP[:port][/path]`, `http://localhost...`, or the same without `http://`. Port 80 where none is written.
    static std::optional<Url> parse(std::string_view text);
    /// `http://host:port/target`
    std::string to_string() const;
};

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
    std::string error;       ///< why there is no answer; empty where there is one
    bool connected = false;  ///< somebody was there
};

enum class HttpMethod : std::uint8_t { get, post };

/// The next address is tried where nobody could be reached at one. Blocks for at most `timeout`. Never throws for what
/// the network does.
HttpAnswer http_request(HttpMethod method, const Url& url, std::chrono::milliseconds timeout = http_timeout);

/// Bytes that may not stand in a query string as `%XX` (RFC 3986 2.1).
std::string percent_encode(std::string_view text);

}  // namespace dproxy::cli
