// SPDX-License-Identifier: MIT
#include "proxy/probe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "dns/ask.hpp"
#include "dns/query.hpp"
#include "dns/reply.hpp"
#include "io/message_stream.hpp"
#include "io/readiness.hpp"
#include "io/udp_socket.hpp"
#include "net/proxy_header.hpp"
#include "proxy/upstream_socket.hpp"

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
    UdpProbe(ProbeContext& context, io::Fd socket, bool proxy_protocol, const ProbeQuestion& question, Done done)
        : context_(context),
          message_(question, context.random.next(), proxy_protocol, net::ProxyTransport::datagram),
          done_(std::move(done)),
          readiness_(context.io, std::move(socket), [this] { read(); }) {}

    /// An errno, or 0.
    int send() {
        context_.to_send.push(message_.datagram());
        return context_.to_send.flush(readiness_.fd()).last_error;
    }

private:
    void read() {
        const int count = context_.received.receive(readiness_.fd());
        if (count == -EAGAIN) return;
        if (count < 0) return end(failure_of(-count));
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (message_.is_answered_by(context_.received.bytes(i))) return end(std::nullopt);
        }
    }

    void end(std::optional<Failure> failure) {
        const Done done = std::move(done_);  // this object goes in the call
        readiness_.pause();
        done(failure);
    }

    ProbeContext& context_;
    ProbeMessage message_;
    Done done_;
    io::Readiness readiness_;
};

class TcpProbe final : public Probe, private io::MessageStream::Events {
public:
    TcpProbe(ProbeContext& context, const routing::UpstreamKey& upstream, const ProbeQuestion& question, Done done)
        : context_(context),
          message_(question, context.random.next(), upstream.proxy_protocol, net::ProxyTransport::stream),
          done_(std::move(done)),
          stream_(context.io, upstream.endpoint, message_.preface(), *this) {
        context_.counters.tcp_connections[Side::upstream].add();
        stream_.send(message_.query());
    }
    ~TcpProbe() { context_.counters.tcp_connections[Side::upstream].subtract(); }

private:
    void on_connected() override { connected_ = true; }

    void on_message(dns::MutableBytes message) override {
        if (message_.is_answered_by(message)) end(std::nullopt);
    }

    void on_end(io::StreamEnd how, std::error_code error) override {
        if (!connected_) return end(failure_of(error.value()));
        end(how == io::StreamEnd::bad_length ? Failure::malformed : Failure::closed);
    }

    void end(std::optional<Failure> failure) {
        const Done done = std::move(done_);  // this object goes in the call
        stream_.close();
        done(failure);
    }

    ProbeContext& context_;
    ProbeMessage message_;
    Done done_;
    bool connected_ = false;
    io::MessageStream stream_;
};

}  // namespace

std::optional<UpstreamTransport> probe_transport(routing::Protocol protocol) {
    switch (protocol) {
        case routing::Protocol::udp:
            return UpstreamTransport::udp;
        case routing::Protocol::tcp:
            return UpstreamTransport::tcp;
        case routing::Protocol::tls:
        case routing::Protocol::https:
            break;
    }
    return std::nullopt;
}

StartedProbe start_probe(ProbeContext& context, const routing::UpstreamKey& upstream, Probe::Done done,
                         const ProbeQuestion& question) {
    if (upstream.protocol == routing::Protocol::tcp) {
        return {std::make_unique<TcpProbe>(context, upstream, question, std::move(done)), Failure::other};
    }
    std::error_code error;
    io::Fd socket = io::connect_udp(upstream.endpoint, error);
    if (!socket) return {nullptr, failure_of(error.value())};
    auto probe =
        std::make_unique<UdpProbe>(context, std::move(socket), upstream.proxy_protocol, question, std::move(done));
    if (const int failed = probe->send(); failed != 0) return {nullptr, failure_of(failed)};
    return {std::move(probe), Failure::other};
}

}  // namespace dproxy::proxy
