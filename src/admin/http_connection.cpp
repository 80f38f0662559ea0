// SPDX-License-Identifier: MIT
// Held by tests/unit/admin/http_server_test.cpp, tests/unit/admin/http_limits_test.cpp,
// tests/unit/admin/http_orders_test.cpp, tests/unit/admin/http_pieces_test.cpp and
// tests/unit/admin/http_rejections_test.cpp.
#include "admin/http_connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <utility>

namespace dproxy::admin {
namespace {

namespace http = boost::beast::http;
using telemetry::HttpRejection;

/// After the last response, what the client still sends is read and thrown away for a moment: closing
/// with bytes unread would make the kernel reset the connection and take the response back.
constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t linger_bytes = 65'536;

bool is_order(const Page* page) { return page != nullptr && page->kind == PageKind::order; }

bool is_understood(http::verb method, const Page* page) {
    if (is_order(page)) return method == http::verb::post;
    return method == http::verb::get || method == http::verb::head;
}

/// Fetch requires `Origin` of each POST that a browser sends, whatever page made it.
constexpr std::array browser_fields{"Origin", "Sec-Fetch-Site", "Referer"};
constexpr std::array proxy_fields{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"};

template <typename Fields, typename Names>
bool has_any(const Fields& fields, const Names& names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return fields.count(name) > 0; });
}

}  // namespace

HttpConnection::HttpConnection(HttpContext& context, boost::asio::ip::tcp::socket socket, const net::Address& peer)
    : context_(context),
      client_(client_of(peer)),
      is_local_(peer.is_loopback()),
      stream_(std::move(socket)),
      buffer_(context.limits.header_bytes) {
    context_.connections.push_back(this);
}

HttpConnection::~HttpConnection() {
    std::erase(context_.connections, this);
    charge(0);
}

void HttpConnection::give_way() {
    std::erase(context_.connections, this);
    stream_.close();
}

void HttpConnection::charge(std::size_t bytes) {
    context_.response_bytes += bytes;
    context_.response_bytes -= std::exchange(charged_, bytes);
}

void HttpConnection::wait_for_request() {
    if (buffer_.size() > 0) return read_request();  // pipelined
    stream_.expires_after(context_.limits.idle);
    stream_.async_read_some(buffer_.prepare(std::min<std::size_t>(1024, buffer_.max_size())),
                            [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                                if (error) return self->count_timeout(error, HttpRejection::idle);
                                self->buffer_.commit(bytes);
                                self->read_request();
                            });
}

void HttpConnection::read_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(context_.limits.header_bytes));
    parser_->body_limit(0);
    stream_.expires_after(context_.limits.request);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_request(error); });
}

void HttpConnection::on_request(ErrorCode error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return refuse(HttpRejection::header_size, 431, "The request line and header are too long.");
    }
    // A body is nothing wrong with a PUT: what is refused is the method (RFC 9110 15.5.6).
    const bool has_body = error == http::error::body_limit || (!error && !parser_->is_done());
    if (has_body && !is_understood(parser_->get().method(), asked_page())) return refuse_method();
    if (has_body) return refuse(HttpRejection::body, 413, "A request may not have a body.");
    if (error == http::error::end_of_stream || error == http::error::partial_message) return;  // the client left
    if (error.category() == http::make_error_code(http::error::bad_method).category()) {
        return refuse(HttpRejection::malformed, 400, "This is not a request that can be understood.");
    }
    if (error) return count_timeout(error, HttpRejection::request_timeout);
    answer();
}

const Page* HttpConnection::asked_page() const {
    const auto target = parser_->get().target();
    return context_.find_page(split_target({target.data(), target.size()}).path);
}

std::optional<Response> HttpConnection::refuse_asker(const Page* page) {
    if (page != nullptr && (page->kind == PageKind::metrics || page->kind == PageKind::probe)) return std::nullopt;
    const auto& request = parser_->get();
    const Target target = split_target({request.target().data(), request.target().size()});
    const auto host = request[http::field::host];
    const HostField field{request.count(http::field::host), {host.data(), host.size()}, request.version() == 10};
    if (auto refusal = refuse_host(target, field, context_.hosts)) {
        context_.count(HttpRejection::host);
        return refusal;
    }
    if (!is_order(page)) return std::nullopt;
    auto refusal = refuse_orderer({is_local_, has_any(request, browser_fields), has_any(request, proxy_fields)});
    if (refusal) context_.count(HttpRejection::not_local);
    return refusal;
}

void HttpConnection::answer() {
    touch();
    const auto& request = parser_->get();
    const Page* page = asked_page();
    if (!is_understood(request.method(), page)) return refuse_method();
    head_only_ = request.method() == http::verb::head;
    keep_alive_ = request.keep_alive();
    if (auto refusal = refuse_asker(page)) return send(std::move(*refusal));
    const Target target = split_target({request.target().data(), request.target().size()});
    auto parameters = parse_query(target.query);
    if (!parameters) {
        context_.count(HttpRejection::malformed);
        return send({400, plain_text, "The query of the address has a % without two hexadecimal digits.\n"});
    }
    make_page(page, {std::string(target.path), std::move(*parameters)});
}

void HttpConnection::make_page(const Page* page, Request request) {
    if (page == nullptr || page->kind == PageKind::probe) return send(context_.respond(page, request));
    auto make = [self = shared_from_this(), page, request = std::move(request)]() mutable {
        HttpContext& context = self->context_;
        Response response{503, plain_text, "Too much is being sent to others; try again later.\n"};
        const bool is_too_much = context.response_bytes >= context.limits.response_bytes;
        if (!is_too_much) response = context.respond(page, request);
        self->charge(response.body.size());
        // With it goes the connection: it ends on its own thread.
        boost::asio::post(*context.connections_thread,
                          [self = std::move(self), response = std::move(response), is_too_much]() mutable {
                              if (is_too_much) self->context_.count(HttpRejection::response_bytes);
                              if (response.status == 500) self->context_.count(HttpRejection::failed);
                              self->send(std::move(response));
                          });
    };
    boost::asio::post(*context_.pages_thread, std::move(make));
}

void HttpConnection::refuse_method() {
    const bool order = is_order(asked_page());
    refuse(HttpRejection::method, 405, order ? "Only POST is understood here." : "Only GET and HEAD are understood.");
}

/// The stream has closed itself when its time was over; any other error is the client's, who left.
void HttpConnection::count_timeout(ErrorCode error, HttpRejection reason) {
    if (error == boost::beast::error::timeout) context_.count(reason);
}

void HttpConnection::refuse(HttpRejection reason, unsigned status, std::string_view sentence) {
    context_.count(reason);
    head_only_ = parser_->get().method() == http::verb::head;
    keep_alive_ = false;
    send({status, plain_text, std::string(sentence) + "\n"});
}

void HttpConnection::send(Response response) {
    const bool is_http_1_0 = parser_->get().version() == 10;
    is_chunked_ = response.rest && !is_http_1_0;
    if (response.rest && is_http_1_0) keep_alive_ = false;  // its end is the end of the connection
    response_ = {};
    response_.version(is_http_1_0 ? 10 : 11);
    response_.result(response.status);
    response_.set(http::field::content_type, response.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (response.status == 405) response_.set(http::field::allow, is_order(asked_page()) ? "POST" : "GET, HEAD");
    response_.keep_alive(keep_alive_);
    charge(response.body.size());
    stream_.expires_after(context_.limits.response);
    if (response.rest) return send_in_pieces(std::move(response));

    response_.body() = std::move(response.body);
    response_.prepare_payload();  // for HEAD too: the length that GET would have
    if (head_only_) response_.body() = std::string();
    serializer_.emplace(response_);
    auto done = [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_sent(error); };
    if (head_only_) {
        http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
        http::async_write(stream_, *serializer_, std::move(done));
    }
}

void HttpConnection::send_in_pieces(Response response) {
    if (is_chunked_) response_.chunked(true);
    rest_ = std::move(response.rest);
    piece_ = std::move(response.body);
    pieces_end_ = std::chrono::steady_clock::now() + context_.limits.pieces;
    serializer_.emplace(response_);
    http::async_write_header(stream_, *serializer_, [self = shared_from_this()](ErrorCode error, std::size_t) {
        if (error || self->head_only_) return self->on_sent(error);
        self->send_piece();
    });
}

void HttpConnection::send_piece() {
    auto done = [self = shared_from_this()](ErrorCode error, std::size_t) {
        if (!error && std::chrono::steady_clock::now() > self->pieces_end_) error = boost::beast::error::timeout;
        if (error) {
            self->count_timeout(error, HttpRejection::response_timeout);
            return self->cut();
        }
        self->touch();
        self->rest_ ? self->make_piece() : self->end_pieces();
    };
    stream_.expires_after(context_.limits.response);
    if (is_chunked_) {
        boost::asio::async_write(stream_, http::make_chunk(boost::asio::buffer(piece_)), std::move(done));
    } else {
        boost::asio::async_write(stream_, boost::asio::buffer(piece_), std::move(done));
    }
}

void HttpConnection::make_piece() {
    boost::asio::post(*context_.pages_thread, [self = shared_from_this()]() mutable {
        HttpContext& context = self->context_;
        bool more = false;
        bool failed = false;
        self->piece_.clear();
        try {
            more = self->rest_(self->piece_);
            failed = more && self->piece_.empty();
        } catch (const std::exception&) {  // out of memory
            failed = true;
        }
        if (!more) self->rest_ = nullptr;
        boost::asio::post(*context.connections_thread, [self = std::move(self), failed] {
            if (failed) {
                self->context_.count(HttpRejection::failed);
                return self->cut();
            }
            self->piece_.empty() ? self->end_pieces() : self->send_piece();
        });
    });
}

void HttpConnection::end_pieces() {
    if (!is_chunked_) return on_sent({});
    stream_.expires_after(context_.limits.response);
    boost::asio::async_write(stream_, http::make_chunk_last(),
                             [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_sent(error); });
}

/// In the middle of a response: that it was not the end must be seen.
void HttpConnection::cut() {
    forget_response();
    ErrorCode ignored;
    stream_.socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);  // RST
    stream_.close();
}

void HttpConnection::forget_response() {
    charge(0);
    serializer_.reset();
    response_.body() = std::string();  // gives the memory back while the connection idles
    rest_ = nullptr;
    piece_ = std::string();
}

void HttpConnection::on_sent(ErrorCode error) {
    forget_response();
    if (error) return count_timeout(error, HttpRejection::response_timeout);
    touch();
    if (keep_alive_) return wait_for_request();
    ErrorCode ignored;
    stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(linger_time);
    linger();
}

void HttpConnection::linger() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(std::min<std::size_t>(4096, buffer_.max_size())),
                            [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                                self->drained_ += bytes;
                                if (!error && self->drained_ < linger_bytes) self->linger();
                            });
}

}  // namespace dproxy::admin
