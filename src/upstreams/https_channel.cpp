// SPDX-License-Identifier: MIT
// Held by tests/unit/upstreams/https_stream_test.cpp.
#include "upstreams/https_channel.hpp"

#include <array>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "http/server_session.hpp"
#include "io/byte_stream.hpp"
#include "upstreams/limits.hpp"

namespace dproxy::proxy {

namespace {

constexpr std::uint16_t usual_port = 443;  // RFC 9110 4.2.2

std::string_view name_of(http::SessionEnd end) {
    using End = http::SessionEnd;
    switch (end) {
        case End::not_yet:
        case End::finished: return {};
        case End::malformed: return "against the rules of HTTP/2";
        case End::fields: return "a head without an end";
        case End::pipelined: return "sent ahead";
        case End::resets: return "too many RST_STREAM";
        case End::settings: return "too many SETTINGS";
        case End::pings: return "too many PING";
        case End::priorities: return "too many PRIORITY";
        case End::window_updates: return "too many WINDOW_UPDATE";
        case End::empty_frames: return "too many empty DATA";
        case End::continuations: return "a head in too many CONTINUATION";
        case End::unknown_frames: return "too many frames of unknown types";
        case End::acknowledgements: return "too many frames that want an answer";
    }
    return {};
}

}  // namespace

http2::Resource resource_of(const routing::UpstreamKey& upstream) {
    const net::Endpoint& endpoint = upstream.endpoint;
    const std::string address = endpoint.address.to_string();
    const bool is_v6 = address.find(':') != std::string::npos;
    http2::Resource resource;
    resource.authority = !upstream.tls.name.empty() ? upstream.tls.name : is_v6 ? '[' + address + ']' : address;
    if (endpoint.port != usual_port) resource.authority += ':' + std::to_string(endpoint.port);
    resource.path = upstream.https_path;
    return resource;
}

std::string fault_of(const http2::Reply& reply) {
    switch (reply.outcome) {
        case http2::Outcome::answered: return {};
        case http2::Outcome::unheard: return "refused: no request is taken";
        case http2::Outcome::lost: return "reset: a request ended without a reply";
        case http2::Outcome::status: return "status: " + std::to_string(reply.status) + " instead of 200";
        case http2::Outcome::content_type: return "content_type: other than application/dns-message";
        case http2::Outcome::length: return "length: shorter than a DNS message";
        case http2::Outcome::too_large: return "length: more than 65535 bytes";
        case http2::Outcome::malformed: return "http: a reply against the rules of HTTP/2";
    }
    return {};
}

/// Bytes as they are.
class HttpsChannel::Stream final : public io::ByteStream {
public:
    Stream(boost::asio::io_context& io, std::shared_ptr<io::ByteMeter> meter, std::unique_ptr<io::StreamFilter> filter,
           HttpsChannel& channel, Events& events)
        : ByteStream(io, std::move(meter), std::move(filter), false), channel_(channel), events_(events) {}

    /// Memory that is held behind it.
    void hold(std::size_t bytes) {
        held_behind_ = bytes;
        measure();
    }

private:
    static constexpr std::size_t room_bytes = 4096;

    void opened() override {
        events_.on_connected();
        if (!is_closed()) channel_.flush();
    }
    dns::MutableBytes space() override {
        if (!room_) room_ = std::make_unique<std::array<std::uint8_t, room_bytes>>();
        return *room_;
    }
    void taken(std::size_t count) override {
        if (count > 0) events_.on_bytes(dns::Bytes(*room_).first(count));
    }
    bool has_part() const override { return false; }  // what an end within a reply means, the session knows
    void drained() override { channel_.flush(); }
    bool half_closed() override { return false; }
    void ended(io::StreamEnd how, std::error_code error) override { events_.on_end(how, error); }
    std::size_t buffered_bytes() const override { return held_behind_ + (room_ ? room_bytes : 0); }
    void free_input() override { room_.reset(); }

    HttpsChannel& channel_;  ///< neither is called once it is closed
    Events& events_;
    std::size_t held_behind_ = 0;
    std::unique_ptr<std::array<std::uint8_t, room_bytes>> room_;
};

HttpsChannel::HttpsChannel(boost::asio::io_context& context, const routing::UpstreamKey& upstream, dns::Bytes preface,
                           Events& events, std::shared_ptr<io::ByteMeter> meter,
                           std::unique_ptr<io::StreamFilter> filter)
    : resource_(resource_of(upstream)),
      filter_(filter.get()),
      stream_(std::make_shared<Stream>(context, std::move(meter), std::move(filter), *this, events)) {
    stream_->connect(upstream.endpoint, preface);
}

HttpsChannel::~HttpsChannel() { close(); }

bool HttpsChannel::is_agreed() const { return filter_ == nullptr || filter_->protocol() == "h2"; }

bool HttpsChannel::ask(dns::Bytes message) {
    const bool is_asked = session_.ask(message).has_value();
    flush();
    return is_asked;
}

void HttpsChannel::cancel(http2::StreamId id) {
    session_.cancel(id);
    flush();
}

void HttpsChannel::take(dns::Bytes bytes, std::uint64_t now_ns) {
    session_.take(bytes, now_ns);
    flush();
}

/// What was not handed to the stream is unheard when the connection ends: so no more is than may soon leave.
void HttpsChannel::flush() {
    if (!stream_->is_open()) return stream_->hold(session_.held_bytes());
    std::vector<std::uint8_t> bytes;
    while (stream_->queued_bytes() < stream_queue_bytes) {
        bytes.clear();
        session_.fetch(bytes, stream_queue_bytes - stream_->queued_bytes());
        if (bytes.empty()) break;
        stream_->write(bytes, {});
    }
    stream_->hold(session_.held_bytes());
}

std::string HttpsChannel::fault() const {
    const std::string_view name = name_of(session_.end());
    return name.empty() ? std::string() : "http: " + std::string(name);
}

std::size_t HttpsChannel::queued_bytes() const { return stream_->queued_bytes() + session_.queued_bytes(); }

int HttpsChannel::descriptor() const { return stream_->descriptor(); }

bool HttpsChannel::is_connected() const { return stream_->is_connected(); }

void HttpsChannel::close() { stream_->close(); }

void HttpsChannel::leave() {
    if (!stream_->is_open() || !is_agreed()) return close();
    try {
        session_.finish();
        flush();
        stream_->take_leave();
    } catch (const std::bad_alloc&) {
        close();  // without a word
    }
}

}  // namespace dproxy::proxy
