// SPDX-License-Identifier: MIT
#include "admin/http_connection.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <utility>

namespace dproxy::admin {
namespace {

namespace http = boost::beast::http;

constexpr const char* plain = "text/plain; charset=utf-8";
/// After the last response, what the client still sends is read and thrown away for a moment: closing
/// with bytes unread would make the kernel reset the connection and take the response back.
constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t linger_bytes = 65'536;

}  // namespace

Response HttpContext::respond(const Request& request) const {
    const auto page =
        std::find_if(pages.begin(), pages.end(), [&](const Page& candidate) { return candidate.path == request.path; });
    if (page == pages.end()) {
        std::string text = "Not found. There is:\n";
        for (const Page& known : pages) text += known.path + "\n";
        return {404, plain, std::move(text)};
    }
    try {
        return page->handler(request);
    } catch (const std::exception& fault) {  // out of memory: this request fails, the program goes on
        return {500, plain, std::string("The page could not be made: ") + fault.what() + "\n"};
    }
}

HttpConnection::HttpConnection(HttpContext& context, boost::asio::ip::tcp::socket socket, const net::Address& client)
    : context_(context), client_(client), stream_(std::move(socket)), buffer_(context.limits.header_bytes) {
    ++context_.connections;
    ++context_.connections_of[client_];
}

HttpConnection::~HttpConnection() {
    --context_.connections;
    context_.response_bytes -= charged_;
    if (const auto count = context_.connections_of.find(client_); --count->second == 0) {
        context_.connections_of.erase(count);
    }
}

void HttpConnection::wait_for_request() {
    if (buffer_.size() > 0) return read_request();  // pipelined
    stream_.expires_after(context_.limits.idle);
    stream_.async_read_some(buffer_.prepare(std::min<std::size_t>(1024, buffer_.max_size())),
                            [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                                if (error) return;
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
        return refuse(431, "The request line and header are too long.");
    }
    if (error == http::error::body_limit) return refuse(413, "A request may not have a body.");
    if (error == boost::beast::error::timeout) return;  // closed by the stream
    if (error == http::error::end_of_stream || error == http::error::partial_message) return;  // the client left
    if (error.category() == http::make_error_code(http::error::bad_method).category()) {
        return refuse(400, "This is not a request that can be understood.");
    }
    if (error) return;
    if (!parser_->is_done()) return refuse(413, "A request may not have a body.");
    answer();
}

void HttpConnection::answer() {
    const auto& request = parser_->get();
    const bool head_only = request.method() == http::verb::head;
    if (!head_only && request.method() != http::verb::get) {
        return refuse(405, "Only GET and HEAD are understood.");
    }
    if (context_.response_bytes >= context_.limits.response_bytes) {
        return refuse(503, "Too much is being sent to others; try again later.");
    }
    const Target target = split_target({request.target().data(), request.target().size()});
    const auto parameters = parse_query(target.query);
    const bool keep_alive = request.keep_alive();
    if (!parameters) {
        return send({400, plain, "The query of the address has a % without two hexadecimal digits.\n"}, keep_alive,
                    head_only);
    }
    send(context_.respond({std::string(target.path), *parameters}), keep_alive, head_only);
}

void HttpConnection::refuse(unsigned status, std::string_view sentence) {
    const bool head_only = parser_->get().method() == http::verb::head;
    send({status, plain, std::string(sentence) + "\n"}, false, head_only);
}

void HttpConnection::send(Response response, bool keep_alive, bool head_only) {
    response_ = {};
    response_.version(parser_->get().version() == 10 ? 10 : 11);
    response_.result(response.status);
    response_.set(http::field::content_type, response.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (response.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(keep_alive);
    response_.body() = std::move(response.body);
    response_.prepare_payload();  // for HEAD too: the length that GET would have
    if (head_only) response_.body() = std::string();
    charged_ = response_.body().size();
    context_.response_bytes += charged_;

    serializer_.emplace(response_);
    stream_.expires_after(context_.limits.response);
    auto done = [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_sent(error); };
    if (head_only) {
        http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
        http::async_write(stream_, *serializer_, std::move(done));
    }
}

void HttpConnection::on_sent(ErrorCode error) {
    context_.response_bytes -= charged_;
    charged_ = 0;
    serializer_.reset();
    response_.body() = std::string();  // gives the memory back while the connection idles
    if (error) return;
    if (response_.keep_alive()) return wait_for_request();
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
