// SPDX-License-Identifier: MIT
#include "probing/probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "dns/ask.hpp"
#include "dns/query.hpp"
#include "dns/reply.hpp"
#include "http2/client_session.hpp"
#include "io/message_stream.hpp"
#include "io/monotonic.hpp"
#include "io/readiness.hpp"
#include "io/udp_socket.hpp"
#include "net/proxy_header.hpp"
#include "upstreams/failure.hpp"
#include "upstreams/https_channel.hpp"
#include "upstreams/upstream_handshake.hpp"

namespace dproxy::proxy {

using telemetry::Failure;
using telemetry::Side;
using telemetry::UpstreamTransport;

namespace {

/// The query, with the PROXY header in front of it where the upstream wants one.
class ProbeMessage {
public:
    ProbeMessage(const ProbeQuestion& question, std::uint16_t id, bool proxy_protocol, net::ProxyTransport transport) {
        if (proxy_protocol) {
            const std::span<std::uint8_t, net::proxy_header_capacity> room(bytes_.data(), net::proxy_header_capacity);
            preface_ = net::write_proxy_header(net::ProxyCommand::local, transport, {}, {}, room);
        }
        dns::AskOptions options;
        options.recursion_desired = question.recursion_desired;
        options.edns = false;
        const dns::MutableBytes room(bytes_.data() + preface_, dns::ask_capacity);
        length_ = preface_ + dns::write_query(question.name, question.type, id, options, room);
    }

    dns::Bytes preface() const { return {bytes_.data(), preface_}; }
    dns::Bytes query() const { return dns::Bytes(bytes_.data(), length_).subspan(preface_); }
    dns::Bytes datagram() const { return {bytes_.data(), length_}; }

    bool is_answered_by(dns::Bytes message) const {
        if (message.size() < dns::header_length || dns::id_of(message) != dns::id_of(query())) return false;
        dns::Question question;
        dns::read_question(query(), question);
        // A bare header shows as well as any other reply that somebody is there.
        constexpr bool without_question = true;
        return dns::check_reply(query(), question, message, without_question) == dns::ReplyFault::none;
    }

private:
    std::array<std::uint8_t, net::proxy_header_capacity + dns::ask_capacity> bytes_{};
    std::size_t preface_ = 0;
    std::size_t length_ = 0;
};

class UdpProbe final : public Probe {
public:
    UdpProbe(ProbeContext& context, io::Fd socket, bool proxy_protocol, const ProbeQuestion& question, Done done,
             std::error_code& error)
        : context_(context),
          message_(question, context.random.next(), proxy_protocol, net::ProxyTransport::datagram),
          done_(std::move(done)),
          readiness_(context.io, std::move(socket), [this] { read(); }, error) {}

    /// An errno, or 0.
    int send() {
        context_.to_send.push(message_.datagram());
        return context_.to_send.flush(readiness_.fd()).last_error;
    }

private:
    void read() {
        const int count = context_.received.receive(readiness_.fd());
        if (count == -EAGAIN) return;
        if (count < 0) return end(ProbeFailure{failure_of(-count)});
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (message_.is_answered_by(context_.received.bytes(i))) return end(std::nullopt);
        }
    }

    void end(std::optional<ProbeFailure> failure) {
        const Done done = std::move(done_);  // this object goes in the call
        readiness_.pause();
        done(failure);
    }

    ProbeContext& context_;
    ProbeMessage message_;
    Done done_;
    io::Readiness readiness_;
};

class StreamProbe final : public Probe, private io::MessageStream::Events {
public:
    /// `filter`: null where the upstream is not spoken to encrypted.
    StreamProbe(ProbeContext& context, const routing::UpstreamKey& upstream, std::unique_ptr<io::StreamFilter> filter,
                const ProbeQuestion& question, Done done)
        : context_(context),
          message_(question, context.random.next(), upstream.proxy_protocol, net::ProxyTransport::stream),
          done_(std::move(done)),
          handshake_(context.counters, filter.get()),
          stream_(context.io, upstream.endpoint, message_.preface(), *this, nullptr, std::move(filter)) {
        context_.counters.tcp_connections[Side::upstream].add();
        stream_.send(message_.query());
    }
    ~StreamProbe() {
        handshake_.given_up(stream_.is_connected());
        context_.counters.tcp_connections[Side::upstream].subtract();
    }

private:
    void on_connected() override { handshake_.opened(); }

    void on_message(dns::MutableBytes message) override {
        if (message_.is_answered_by(message)) end(std::nullopt);
    }

    void on_end(io::StreamEnd how, std::error_code error) override {
        const Failure failure = handshake_.ended(how, error, stream_.is_connected());
        end(ProbeFailure{failure, handshake_.fault()});
    }

    void end(std::optional<ProbeFailure> failure) {
        const Done done = std::move(done_);  // this object goes in the call
        stream_.close();
        done(std::move(failure));
    }

    ProbeContext& context_;
    ProbeMessage message_;
    Done done_;
    UpstreamHandshake handshake_;
    io::MessageStream stream_;
};

class HttpsProbe final : public Probe, private HttpsChannel::Events {
public:
    HttpsProbe(ProbeContext& context, const routing::UpstreamKey& upstream, std::unique_ptr<io::StreamFilter> filter,
               const ProbeQuestion& question, Done done)
        : context_(context),
          message_(question, 0, upstream.proxy_protocol, net::ProxyTransport::stream),  // RFC 8484 4.1
          done_(std::move(done)),
          handshake_(context.counters, filter.get()),
          channel_(context.io, upstream, message_.preface(), *this, nullptr, std::move(filter)) {
        context_.counters.tcp_connections[Side::upstream].add();
        channel_.ask(message_.query());
    }
    ~HttpsProbe() {
        handshake_.given_up(channel_.is_connected());
        context_.counters.tcp_connections[Side::upstream].subtract();
    }

private:
    void on_connected() override {
        handshake_.opened();
        if (!channel_.is_agreed()) end(ProbeFailure{Failure::http, HttpsChannel::not_agreed});
    }

    void on_bytes(dns::Bytes bytes) override {
        channel_.take(bytes, io::monotonic_ns());
        const auto reply = channel_.next_reply();
        if (!reply && channel_.state() != http2::ClientSession::State::ended) return;
        if (reply && reply->outcome == http2::Outcome::answered) {
            if (message_.is_answered_by(reply->message)) return end(std::nullopt);
            return end(ProbeFailure{Failure::mismatch});
        }
        std::string fault = channel_.fault();
        if (fault.empty() && reply) fault = fault_of(*reply);
        end(ProbeFailure{Failure::http, std::move(fault)});
    }

    void on_end(io::StreamEnd how, std::error_code error) override {
        const Failure failure = handshake_.ended(how, error, channel_.is_connected());
        end(ProbeFailure{failure, handshake_.fault()});
    }

    void end(std::optional<ProbeFailure> failure) {
        const Done done = std::move(done_);  // this object goes in the call
        channel_.leave();
        done(std::move(failure));
    }

    ProbeContext& context_;
    ProbeMessage message_;
    Done done_;
    UpstreamHandshake handshake_;
    HttpsChannel channel_;
};

/// How the upstream is probed.
UpstreamTransport transport_of(const routing::UpstreamKey& upstream) {
    switch (upstream.protocol) {
        case routing::Protocol::as_client:
            return UpstreamTransport::udp;
        case routing::Protocol::tcp:
            return UpstreamTransport::tcp;
        case routing::Protocol::tls:
            return UpstreamTransport::tls;
        case routing::Protocol::https:
            return UpstreamTransport::https;
    }
    return UpstreamTransport::udp;
}

StartedProbe start_over_udp(ProbeContext& context, const routing::UpstreamKey& upstream, Probe::Done done,
                            const ProbeQuestion& question) {
    std::error_code error;
    io::Fd socket = io::connect_udp(upstream.endpoint, error);
    if (!socket) return {nullptr, {failure_of(error.value())}};
    auto probe = std::make_unique<UdpProbe>(context, std::move(socket), upstream.proxy_protocol, question,
                                            std::move(done), error);
    if (error) return {nullptr, {failure_of(error.value())}};
    if (const int failed = probe->send(); failed != 0) return {nullptr, {failure_of(failed)}};
    return {std::move(probe)};
}

StartedProbe start_over_stream(ProbeContext& context, const UpstreamSpec& upstream, Probe::Done done,
                               const ProbeQuestion& question) {
    std::unique_ptr<io::StreamFilter> filter;
    if (is_encrypted(upstream.key.protocol)) {
        if (!upstream.filters) return {nullptr, {Failure::tls, "it cannot be encrypted"}};
        auto& filters = context.filters[upstream.serial];
        if (!filters) filters = upstream.filters->on_this_thread();
        filter = filters->make();
    }
    if (upstream.key.protocol == routing::Protocol::https) {
        return {std::make_unique<HttpsProbe>(context, upstream.key, std::move(filter), question, std::move(done))};
    }
    return {std::make_unique<StreamProbe>(context, upstream.key, std::move(filter), question, std::move(done))};
}

}  // namespace

StartedProbe start_probe(ProbeContext& context, const UpstreamSpec& upstream, Probe::Done done,
                         const ProbeQuestion& question) {
    const UpstreamTransport transport = transport_of(upstream.key);
    const auto label = static_cast<std::size_t>(transport);
    context.counters.upstream(upstream.slot).requests[label][telemetry::AttemptReason::probe].add();
    if (transport == UpstreamTransport::udp) return start_over_udp(context, upstream.key, std::move(done), question);
    return start_over_stream(context, upstream, std::move(done), question);
}

}  // namespace dproxy::proxy
