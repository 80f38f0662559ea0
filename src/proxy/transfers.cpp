// SPDX-License-Identifier: MIT
#include "proxy/transfers.hpp"

#include <algorithm>

#include "dns/reply.hpp"
#include "dns/transfer.hpp"
#include "io/message_stream.hpp"
#include "proxy/limits.hpp"
#include "proxy/upstream_socket.hpp"

namespace dproxy::proxy {

using telemetry::AttemptReason;
using telemetry::Drop;
using telemetry::Failure;
using telemetry::Side;
using telemetry::UpstreamTransport;

class Transfers::Transfer final : private io::MessageStream::Events {
public:
    Transfer(Transfers& owner, TransferRequest request)
        : owner_(owner), request_(std::move(request)), progress_(request_.message, request_.query.question) {
        id_ = owner_.context_.random.next();
        attempts_left_ = settings().attempts;
    }
    ~Transfer() { disconnect(); }

    bool ended() const { return ended_; }
    bool is_for(const Client& client) const {
        return request_.client.connection == client.connection && request_.client.serial == client.serial;
    }

    /// Asks the next upstream of the route.
    void connect() {
        const auto& upstreams = pool().upstreams;
        upstream_ = request_.generation->upstreams[upstreams[tried_ % upstreams.size()]];
        const AttemptReason reason = tried_ == 0 ? AttemptReason::first : AttemptReason::retry;
        upstream_->counters().requests[static_cast<std::size_t>(UpstreamTransport::tcp)][reason].add();
        ++tried_;
        --attempts_left_;
        heard_ns_ = owner_.context_.now_ns;
        io::MessageStream::Events& events = *this;
        stream_ = std::make_unique<io::MessageStream>(owner_.context_.io, upstream_->spec().key.endpoint,
                                                      request_.preface, events);
        upstream_->attempt_opened();
        owner_.context_.counters.tcp_connections[Side::upstream].add();
        dns::MutableBytes message(request_.message);
        const std::uint16_t client_id = dns::id_of(message);
        dns::set_id(message, id_);
        stream_->send(message);
        dns::set_id(message, client_id);
    }

    void on_client_drained() {
        if (!stream_ || !stream_->reading_paused()) return;
        heard_ns_ = owner_.context_.now_ns;
        stream_->resume_reading();
    }

    void tick(std::uint64_t now_ns) {
        if (ended_ || (stream_ && stream_->reading_paused())) return;  // it is the client that is waited for
        const auto limit_ns = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(settings().timeout).count());
        // Until the first message the attempts share the time; the last has what is left of it.
        const std::uint64_t share_ns = begun_ ? limit_ns : limit_ns / settings().attempts;
        if (now_ns - heard_ns_ >= share_ns) fail(Failure::timeout);
    }

    /// The client is gone, or the server stops.
    void cut() { end(); }

private:
    const Pool& pool() const { return request_.generation->pools->pools[request_.pool]; }
    const routing::RouteSettings& settings() const { return *pool().settings; }

    void on_message(dns::MutableBytes message) override {
        owner_.context_.events.on_turn();
        receive(message);
        owner_.context_.events.flush();
    }

    void receive(dns::MutableBytes message) {
        auto& counters = owner_.context_.counters;
        if (message.size() < dns::header_length || dns::id_of(message) != id_) {
            counters.dropped[Drop::reply_unexpected].add();
            return;
        }
        if (dns::check_reply(request_.message, request_.query.question, message, begun_) != dns::ReplyFault::none) {
            counters.dropped[Drop::reply_mismatch].add();
            upstream_->counters().failures[Failure::mismatch].add();
            return;
        }
        const bool first = !begun_;
        begun_ = true;
        heard_ns_ = owner_.context_.now_ns;
        upstream_->heard();
        if (first) upstream_->counters().responses[telemetry::rcode_label(dns::rcode_of(message))].add();
        const auto step = progress_.feed(message);
        if (step == dns::TransferProgress::Step::malformed) {
            upstream_->counters().failures[Failure::malformed].add();
            return give_up(dns::ExtendedError::network_error, first);
        }
        dns::set_id(message, dns::id_of(request_.message));
        owner_.events_.on_transfer_message(request_, first, message);
        if (step == dns::TransferProgress::Step::done) return end();
        if (owner_.clients_.queued_bytes(request_.client) > pause_reading_at) stream_->pause_reading();
    }

    void on_end(io::StreamEnd end, std::error_code error) override {
        owner_.context_.events.on_turn();
        fail(end == io::StreamEnd::failed && !begun_ ? failure_of(error.value()) : Failure::closed);
        owner_.context_.events.flush();
    }

    void fail(Failure failure) {
        upstream_->counters().failures[failure].add();
        const bool network = failure != Failure::timeout;
        network_error_ = network_error_ || network;
        disconnect();
        if (!begun_ && attempts_left_ > 0) return connect();
        give_up(network_error_ ? dns::ExtendedError::network_error : dns::ExtendedError::no_reachable_authority,
                !begun_);
    }

    // Part of a zone that looks whole would be worse than an error: the client's connection goes.
    void give_up(dns::ExtendedError error, bool answer_client) {
        if (answer_client) {
            owner_.events_.on_transfer_failure(request_, error);
        } else {
            owner_.clients_.cut(request_.client);
        }
        end();
    }

    void disconnect() {
        if (!stream_) return;
        stream_->close();
        // Perhaps in the midst of a call from it: the old stream is kept until the next or the end.
        old_stream_ = std::move(stream_);
        upstream_->attempt_closed();
        owner_.context_.counters.tcp_connections[Side::upstream].subtract();
    }

    void end() {
        if (ended_) return;
        ended_ = true;
        disconnect();
        owner_.events_.on_transfer_end(request_.client, *request_.generation);
    }

    Transfers& owner_;
    TransferRequest request_;
    dns::TransferProgress progress_;
    Upstream* upstream_ = nullptr;
    std::unique_ptr<io::MessageStream> stream_;
    std::unique_ptr<io::MessageStream> old_stream_;
    std::uint64_t heard_ns_ = 0;
    std::size_t tried_ = 0;
    std::uint16_t id_ = 0;
    std::uint8_t attempts_left_ = 0;
    bool begun_ = false;
    bool network_error_ = false;
    bool ended_ = false;
};

Transfers::Transfers(UpstreamContext& context, TcpClients& clients, TransferEvents& events)
    : context_(context), clients_(clients), events_(events) {}

Transfers::~Transfers() = default;

void Transfers::begin(TransferRequest request) {
    transfers_.push_back(std::make_unique<Transfer>(*this, std::move(request)));
    transfers_.back()->connect();
}

void Transfers::on_client_drained(const Client& client) {
    for (const auto& transfer : transfers_) {
        if (transfer->is_for(client)) transfer->on_client_drained();
    }
}

void Transfers::on_client_gone(const Client& client) {
    for (const auto& transfer : transfers_) {
        if (transfer->is_for(client)) transfer->cut();
    }
}

void Transfers::tick() {
    for (const auto& transfer : transfers_) transfer->tick(context_.now_ns);
    clear_ended();
}

void Transfers::cut_all() {
    for (const auto& transfer : transfers_) transfer->cut();
    clear_ended();
}

void Transfers::clear_ended() {
    std::erase_if(transfers_, [](const auto& transfer) { return transfer->ended(); });
}

}  // namespace dproxy::proxy
