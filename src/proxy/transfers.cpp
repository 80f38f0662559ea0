// SPDX-License-Identifier: MIT
#include "proxy/transfers.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

#include "dns/reply.hpp"
#include "dns/transfer.hpp"
#include "io/message_stream.hpp"
#include "proxy/pool_choice.hpp"
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
        deadline_ns_ = request_.started_ns + timeout_ns();
    }
    ~Transfer() { disconnect(); }

    bool ended() const { return ended_; }
    bool is_for(const Client& client) const {
        return request_.client.connection == client.connection && request_.client.serial == client.serial;
    }

    /// Asks the next upstream, by the route's policy.
    void connect() {
        Upstream* upstream = choose_from_pool(asker(), owner_.context_);
        if (!upstream) return give_up();
        const AttemptReason reason = attempt_count_ == 0 ? AttemptReason::first : AttemptReason::retry;
        upstream->counters().requests[static_cast<std::size_t>(UpstreamTransport::tcp)][reason].add();
        upstream_ = tried_[attempt_count_++] = upstream;
        --attempts_left_;
        sent_ns_ = owner_.context_.now_ns;
        // Each upstream that may yet be asked has its share of the time that is left. Asking the same one again
        // brings nothing while it is silent: it has to gather the zone anew.
        const std::uint64_t left_ns = deadline_ns_ - std::min(deadline_ns_, sent_ns_);
        wake_ns_ = sent_ns_ + left_ns / (std::min<std::size_t>(attempts_left_, count_fresh(asker())) + 1);
        progress_ = dns::TransferProgress(request_.message, request_.query.question);
        connected_ = false;
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
        wake_ns_ = owner_.context_.now_ns + timeout_ns();
        stream_->resume_reading();
    }

    void tick(std::uint64_t now_ns) {
        if (ended_ || (stream_ && stream_->reading_paused())) return;  // it is the client that is waited for
        if (now_ns >= wake_ns_) fail(Failure::timeout);
    }

    /// The client is gone, or the server stops.
    void cut() { end(); }

private:
    const Pool& pool() const { return request_.generation->pools->pools[request_.pool]; }
    const routing::RouteSettings& settings() const { return *pool().settings; }
    std::uint64_t timeout_ns() const { return nanoseconds_of(settings().timeout); }
    Asker asker() const {
        return {*request_.generation, request_.pool, {tried_.data(), attempt_count_},
                request_.query.question.name(request_.message)};
    }

    void on_connected() override { connected_ = true; }

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
        upstream_->heard();
        dns::set_id(message, dns::id_of(request_.message));
        if (!begun_) {
            count_reply(message);
            if (routing::fallback::names(settings().fallback_on, dns::rcode_of(message))) {
                if (attempts_left_ > 0 && count_fresh(asker()) > 0) return try_next(message);
                if (kept_) return give_up();
            }
        }
        const auto step = progress_.feed(message);
        if (step == dns::TransferProgress::Step::malformed) return fail(Failure::malformed);
        const bool first = !begun_;
        begun_ = true;
        wake_ns_ = owner_.context_.now_ns + timeout_ns();
        owner_.events_.on_transfer_message(request_, first, message);
        if (step == dns::TransferProgress::Step::done) return end();
        if (owner_.clients_.queued_bytes(request_.client) > pause_reading_at) stream_->pause_reading();
    }

    void count_reply(dns::Bytes message) {
        upstream_->counters().responses[telemetry::rcode_label(dns::rcode_of(message))].add();
        upstream_->counters().duration.observe(owner_.context_.now_ns - sent_ns_);
    }

    void try_next(dns::Bytes reply) {
        if (!kept_) kept_.emplace(reply.begin(), reply.end());
        disconnect();
        connect();
    }

    void on_end(io::StreamEnd end, std::error_code error) override {
        owner_.context_.events.on_turn();
        fail(!connected_ ? failure_of(error.value())
             : end == io::StreamEnd::bad_length ? Failure::malformed : Failure::closed);
        owner_.context_.events.flush();
    }

    void fail(Failure failure) {
        if (failure == Failure::timeout) {
            upstream_->timed_out();
        } else {
            upstream_->counters().failures[failure].add();
            network_error_ = true;
        }
        disconnect();
        if (!begun_ && attempts_left_ > 0 && owner_.context_.now_ns < deadline_ns_) return connect();
        give_up();
    }

    void give_up() {
        if (begun_) {
            // Part of a zone that looks whole would be worse than an error: the client's connection goes.
            owner_.clients_.cut(request_.client);
        } else if (kept_) {
            owner_.events_.on_transfer_message(request_, true, *kept_);
        } else {
            owner_.events_.on_transfer_failure(request_, network_error_ ? dns::ExtendedError::network_error
                                                                       : dns::ExtendedError::no_reachable_authority);
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
        --owner_.under_way_;
        owner_.events_.on_transfer_end(request_);
    }

    Transfers& owner_;
    TransferRequest request_;
    dns::TransferProgress progress_;
    Upstream* upstream_ = nullptr;
    std::array<Upstream*, routing::max_attempts> tried_{};
    std::unique_ptr<io::MessageStream> stream_;
    std::unique_ptr<io::MessageStream> old_stream_;
    std::optional<std::vector<std::uint8_t>> kept_;  ///< the first reply of an rcode that `fallback_on` names
    std::uint64_t deadline_ns_ = 0;                  ///< of the first message
    std::uint64_t wake_ns_ = 0;                      ///< until then the upstream may be silent
    std::uint64_t sent_ns_ = 0;
    std::uint16_t id_ = 0;
    std::uint8_t attempt_count_ = 0;
    std::uint8_t attempts_left_ = 0;
    bool connected_ = false;
    bool begun_ = false;  ///< a message went to the client: there is no way back
    bool network_error_ = false;
    bool ended_ = false;
};

Transfers::Transfers(UpstreamContext& context, TcpClients& clients, TransferEvents& events)
    : context_(context), clients_(clients), events_(events) {}

Transfers::~Transfers() = default;

void Transfers::begin(TransferRequest request) {
    assert(has_room());
    ++under_way_;
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
