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
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "admin/http_context.hpp"

namespace dproxy::admin {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    /// `peer`: the address at the other end.
    HttpConnection(HttpContext& context, boost::asio::ip::tcp::socket socket, const net::Address& peer);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    void start() { wait_for_request(); }

    /// Who opened it, as far as limits are concerned.
    const net::Address& client() const { return client_; }
    /// When it was opened, its last request had come, or it last took a piece of its response.
    std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }
    /// Closes it: another one needs its place.
    void give_way();

private:
    using ErrorCode = boost::beast::error_code;
    using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

    void wait_for_request();
    void read_request();
    void on_request(ErrorCode error);
    void answer();
    /// The one that the request is for; null where there is none.
    const Page* asked_page() const;
    /// Why it is not for who asks, counted; nothing when it is.
    std::optional<Response> refuse_asker(const Page* page);
    void make_page(const Page* page, Request request);
    void refuse_method();
    void count_timeout(ErrorCode error, telemetry::HttpRejection reason);
    void refuse(telemetry::HttpRejection reason, unsigned status, std::string_view sentence);
    void send(Response response);
    void send_in_pieces(Response response);
    void send_piece();
    void make_piece();
    void end_pieces();
    void cut();
    void on_sent(ErrorCode error);
    void forget_response();
    void linger();
    void touch() { idle_since_ = std::chrono::steady_clock::now(); }
    /// So much of what is being sent is this connection's.
    void charge(std::size_t bytes);

    HttpContext& context_;
    net::Address client_;
    bool is_local_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    boost::beast::http::response<boost::beast::http::string_body> response_;
    std::optional<boost::beast::http::response_serializer<boost::beast::http::string_body>> serializer_;
    std::chrono::steady_clock::time_point idle_since_ = std::chrono::steady_clock::now();
    bool head_only_ = false;   ///< of the request that is being answered, and
    bool keep_alive_ = false;  ///< whether another may follow
    bool is_chunked_ = false;
    NextPiece rest_;     ///< of the response; by the thread of the pages while that makes a piece
    std::string piece_;  ///< the same
    std::chrono::steady_clock::time_point pieces_end_{};
    std::size_t charged_ = 0;  ///< this connection's part of context_.response_bytes
    std::size_t drained_ = 0;  ///< bytes thrown away while lingering
};

}  // namespace dproxy::admin
