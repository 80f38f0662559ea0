// SPDX-License-Identifier: MIT
#include "http/http1_session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cassert>
#include <string>
#include <utility>

#include "http/limits.hpp"

namespace dproxy::http {

namespace beast = boost::beast::http;
using ErrorCode = boost::system::error_code;
using Text = boost::beast::string_view;

namespace {

/// So much of a request may be said around its head and body (chunks, their extensions, trailers) before it is no DNS.
constexpr std::size_t whole_request_bytes = 2 * pipelined_bytes;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(Text text) { return {text.data(), text.size()}; }

void append(std::vector<std::uint8_t>& bytes, std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}

Status status_of(const ErrorCode& error) {
    if (error == beast::error::header_limit) return Status::fields_too_large;
    if (error == beast::error::body_limit) return Status::content_too_large;
    return Status::bad_request;
}

}  // namespace

/// Beast's grammar; what it reads goes to the request at once, and nothing is kept in between.
class Http1Session::Parser final : public beast::basic_parser<true> {
public:
    Parser(const Place& place, const net::Address& peer) : request(place, peer) {
        header_limit(header_bytes);
        body_limit(body_bytes);
        eager(true);
    }

    DnsRequest request;
    std::size_t taken = 0;        ///< bytes, in all
    bool is_http_1_1 = false;
    bool asks_to_go_on = false;   ///< 100 Continue is to be said, or a refusal before the body comes

private:
    void on_request_impl(beast::verb, Text method, Text target, int version, ErrorCode&) override {
        request.take_method(view(method));
        request.take_target(view(target));
        is_http_1_1 = version == 11;
    }
    void on_response_impl(int, Text, int, ErrorCode&) override {}
    void on_field_impl(beast::field field, Text name, Text value, ErrorCode& error) override {
        if (is_header_done()) return;  // a trailer
        if (field == beast::field::host) ++hosts_;
        if (field == beast::field::transfer_encoding && !boost::beast::iequals(value, "chunked")) {
            // Beast would take it for a request without a body, and the body for the next request (RFC 9112 6.1).
            request.refuse(Status::not_implemented);
            error = beast::error::bad_transfer_encoding;
            return;
        }
        name_.assign(name.begin(), name.end());
        for (char& c : name_)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        request.take_field(name_, view(value));
    }
    void on_header_impl(ErrorCode&) override {
        // RFC 9112 3.2: one Host, no more and no less.
        if (hosts_ > 1 || (is_http_1_1 && hosts_ == 0)) request.refuse(Status::bad_request);
        const auto length = content_length();
        request.end_head(chunked() || (length && *length != 0));
        asks_to_go_on = request.expects_continue() && is_http_1_1 && (chunked() || (length && *length != 0));
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(Text piece, ErrorCode&) override {
        request.take_body({reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()});
        return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text piece, ErrorCode& error) override {
        return on_body_impl(piece, error);
    }
    void on_finish_impl(ErrorCode&) override {}

    std::string name_;
    unsigned hosts_ = 0;
};

Http1Session::Http1Session(const Place& place, const net::Address& peer) : place_(place), peer_(peer) {}

Http1Session::~Http1Session() = default;

void Http1Session::take(dns::Bytes from_client, std::uint64_t) {
    if (end_ != SessionEnd::not_yet || client_ended_) return;
    input_.insert(input_.end(), from_client.begin(), from_client.end());
    advance();
    if (unread() > pipelined_bytes) close(SessionEnd::pipelined);
}

bool Http1Session::wants_more() const {
    return end_ == SessionEnd::not_yet && !client_ended_ && !awaited_ && queued_bytes() < unfetched_bytes;
}

void Http1Session::take_end() {
    client_ended_ = true;
    advance();
}

/// Reads requests until one waits for its answer, or there is no whole one.
void Http1Session::advance() {
    while (end_ == SessionEnd::not_yet && !awaited_ && queued_bytes() < unfetched_bytes) {
        if (unread() == 0 || !read_on()) break;
    }
    if (read_ > input_.size() / 2) {
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(read_));
        read_ = 0;
    }
    const bool wants_no_more = client_ended_ || (finishing_ && !has_part_of_request());
    if (end_ == SessionEnd::not_yet && !awaited_ && wants_no_more && queued_bytes() < unfetched_bytes) {
        close(SessionEnd::finished);
    }
}

/// False where more must come first.
bool Http1Session::read_on() {
    if (!parser_) parser_ = std::make_unique<Parser>(place_, peer_);
    ErrorCode error;
    const std::size_t count = parser_->put(boost::asio::buffer(input_.data() + read_, unread()), error);
    read_ += count;
    parser_->taken += count;
    if (error && error != beast::error::need_more) return give_up(status_of(error), SessionEnd::malformed), false;
    if (parser_->is_done()) return complete(), true;
    if (parser_->taken > whole_request_bytes) {
        return give_up(Status::content_too_large, SessionEnd::malformed), false;
    }
    if (std::exchange(parser_->asks_to_go_on, false)) {
        if (parser_->request.refused()) return give_up(*parser_->request.refused(), SessionEnd::finished), false;
        append(output_, go_on);
    }
    return false;
}

void Http1Session::complete() {
    const auto parser = std::exchange(parser_, nullptr);
    DnsRequest& request = parser->request;
    // An answer of HTTP/1.0 ends the connection: nobody who still speaks it needs more.
    keep_alive_ = parser->keep_alive() && parser->is_http_1_1;
    request.end();
    ++last_id_;
    if (request.refused()) {
        refused_.push_back(*request.refused());
        return respond(ResponseHead(request.refusal()), {});
    }
    awaited_ = true;
    ready_ = Request{last_id_, request.take_message(), request.client()};
}

/// Where the next request begins cannot be told any more.
void Http1Session::give_up(Status status, SessionEnd end) {
    if (parser_->request.refused() && status == Status::bad_request) status = *parser_->request.refused();
    refused_.push_back(status);
    keep_alive_ = false;
    respond(ResponseHead(Refusal{status, false}), {});
    end_ = end;
}

void Http1Session::respond(const ResponseHead& head, dns::Bytes body) {
    append(output_, "HTTP/1.1 ");
    append(output_, head.status_text());
    append(output_, " ");
    append(output_, view(beast::obsolete_reason(static_cast<beast::status>(head.status()))));
    for (const Field& field : head.fields()) {
        append(output_, "\r\n");
        append(output_, field.name);
        append(output_, ": ");
        append(output_, field.value);
    }
    const bool closes = !keep_alive_ || finishing_;
    append(output_, closes ? "\r\nconnection: close\r\n\r\n" : "\r\n\r\n");
    output_.insert(output_.end(), body.begin(), body.end());
    if (closes) close(SessionEnd::finished);
}

void Http1Session::close(SessionEnd end) {
    end_ = end;
    parser_ = nullptr;
    input_ = std::vector<std::uint8_t>();  // `{}` would keep its room
    read_ = 0;
}

std::optional<Request> Http1Session::next_request() { return std::exchange(ready_, std::nullopt); }

std::optional<Status> Http1Session::next_refused() {
    if (refused_.empty()) return std::nullopt;
    const Status status = refused_.front();
    refused_.pop_front();
    return status;
}

bool Http1Session::respond_to(RequestId id, const ResponseHead& head, dns::Bytes body) {
    if (!awaited_ || id != last_id_ || end_ != SessionEnd::not_yet) return false;
    awaited_ = false;
    ready_.reset();
    respond(head, body);
    advance();
    return true;
}

bool Http1Session::answer(RequestId id, dns::Bytes message) { return respond_to(id, ResponseHead(message), message); }

bool Http1Session::refuse(RequestId id, Status status) {
    return respond_to(id, ResponseHead(Refusal{status, false}), {});
}

void Http1Session::fetch(std::vector<std::uint8_t>& to_client, std::size_t enough) {
    while (to_client.size() < enough && queued_bytes() != 0) {
        const std::size_t count = std::min(queued_bytes(), enough - to_client.size());
        const auto from = output_.begin() + static_cast<std::ptrdiff_t>(fetched_);
        to_client.insert(to_client.end(), from, from + static_cast<std::ptrdiff_t>(count));
        fetched_ += count;
        if (fetched_ == output_.size()) {
            output_.clear();
            fetched_ = 0;
        }
        advance();
    }
}

void Http1Session::finish() {
    if (end_ != SessionEnd::not_yet) return;
    if (finishing_ && !awaited_) return close(SessionEnd::finished);
    finishing_ = true;
    advance();
}

ServerSession::State Http1Session::state() const {
    if (end_ != SessionEnd::not_yet) return State::ended;
    return finishing_ || client_ended_ ? State::finishing : State::open;
}

bool Http1Session::has_part_of_request() const { return parser_ != nullptr || (!awaited_ && unread() != 0); }

std::size_t Http1Session::held_bytes() const {
    std::size_t held = sizeof *this + input_.capacity() + output_.capacity() + refused_.size() * sizeof(Status);
    if (parser_) held += sizeof *parser_ + parser_->request.held_bytes();
    if (ready_) held += ready_->message.capacity();
    return held;
}

}  // namespace dproxy::http
