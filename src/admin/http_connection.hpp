// SPDX-License-Identifier: MIT
// Inside the HTTP side: one connection of a client. Includes Beast, so only .cpp files of this folder
// include this.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/http_server.hpp"

namespace dproxy::admin {

/// What the connections of a server share. On the admin thread only; outlives every connection.
struct HttpContext {
    std::vector<Page> pages;
    HttpLimits limits;
    std::size_t connections = 0;
    std::map<net::Address, std::size_t> connections_of;  ///< by client
    std::size_t response_bytes = 0;                      ///< being sent

    /// The page's response, or the error that the request deserves.
    Response respond(const Request& request) const;
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(HttpContext& context, boost::asio::ip::tcp::socket socket, const net::Address& client);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    void start() { wait_for_request(); }

private:
    using ErrorCode = boost::beast::error_code;
    using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

    void wait_for_request();
    void read_request();
    void on_request(ErrorCode error);
    void answer();
    void refuse(unsigned status, std::string_view sentence);
    void send(Response response, bool keep_alive, bool head_only);
    void on_sent(ErrorCode error);
    void linger();

    HttpContext& context_;
    net::Address client_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    boost::beast::http::response<boost::beast::http::string_body> response_;
    std::optional<boost::beast::http::response_serializer<boost::beast::http::string_body>> serializer_;
    std::size_t charged_ = 0;  ///< this connection's part of context_.response_bytes
    std::size_t drained_ = 0;  ///< bytes thrown away while lingering
};

}  // namespace dproxy::admin
