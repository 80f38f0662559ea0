// SPDX-License-Identifier: MIT
// Inside the HTTP side: what the connections of a server share.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/http_server.hpp"
#include "admin/query_string.hpp"

namespace dproxy::admin {

class HttpConnection;

/// By the thread of the connections only, unless it says otherwise. Outlives every connection.
struct HttpContext {
    std::vector<Page> pages;
    HttpLimits limits;
    std::vector<std::string> hosts;
    boost::asio::io_context* connections_thread = nullptr;
    boost::asio::io_context* pages_thread = nullptr;
    telemetry::HttpRejections* rejections = nullptr;
    std::vector<HttpConnection*> connections;      ///< those that were not told to give way
    std::atomic<std::size_t> response_bytes = 0;  ///< being sent; any thread

    const Page* find_page(std::string_view path) const;
    /// The page's response, or the error that the request deserves. Any thread.
    Response respond(const Page* page, const Request& request) const;
    void count(telemetry::HttpRejection reason);
    /// Ends the longest idle connection where one of `client` would be too many.
    void make_room_for(const net::Address& client);
};

/// What a client is to the limits: an address, of IPv6 the /64.
net::Address client_of(const net::Address& address);

/// The Host of a request, as it came.
struct HostField {
    std::size_t count = 0;
    std::string_view value;
    bool is_http_1_0 = false;  ///< which knows no such field
};

/// Why a page is not for who asks by this name; nothing when it is. An absolute target's authority stands in place of
/// the field (RFC 9112 3.2.2).
std::optional<Response> refuse_host(const Target& target, const HostField& field,
                                    const std::vector<std::string>& hosts);

/// Who gives an order.
struct Orderer {
    bool is_local = false;      ///< by a loopback address
    bool is_browser = false;    ///< a page made it, perhaps somebody else's: it has a field that browsers add
    bool is_forwarded = false;  ///< a proxy asks, which may be on this machine while its client is not
};

/// Why no order is taken from them; nothing when it is.
std::optional<Response> refuse_orderer(const Orderer& orderer);

inline constexpr const char* plain_text = "text/plain; charset=utf-8";

}  // namespace dproxy::admin
