// SPDX-License-Identifier: MIT
// Held by tests/integration/test_transfers.py, tests/integration/test_transfer_faults.py,
// tests/integration/test_transfer_upstreams.py.
#include "relay/transfers.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

#include "clients/limits.hpp"
#include "dns/reply.hpp"
#include "dns/transfer.hpp"
#include "io/message_stream.hpp"
#include "io/monotonic.hpp"
#include "queries/limits.hpp"
#include "queries/turn.hpp"
#include "routing/giving_way.hpp"
#include "upstreams/pool_choice.hpp"
#include "upstreams/upstream_handshake.hpp"
#include "upstreams/upstream_tap.hpp"

namespace dproxy::proxy {

using telemetry::AttemptReason;
using telemetry::Drop;
using telemetry::Failure;
using telemetry::Side;

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
    const TransferRequest& request() const { return request_; }
    bool is_for(const Client& client) const {
        return request_.client.connection == client.connection && request_.client.serial == client.serial;
    }

    /// Asks the next upstream, by the route's policy.
    void connect() {
        Upstream* upstream = choose_from_pool(choice(), owner_.context_);
        if (!upstream) return give_up();
        const AttemptReason reason = attempt_count_ == 0 ? AttemptReason::first : AttemptReason::retry;
        upstream->counters().requests[static_cast<std::size_t>(upstream->transport(true))][reason].add();
        upstream_ = tried_[attempt_count_++] = upstream;
        request_.asked = {upstream, attempt_count_};
        --attempts_left_;
        sent_ns_ = owner_.context_.now_ns;
        // Each upstream that may yet be asked has its share of the time that is left. Asking the same one again
        // brings nothing while it is silent: it has to gather the zone anew.
        const std::uint64_t left_ns = deadline_ns_ - std::min(deadline_ns_, sent_ns_);
        wake_ns_ = sent_ns_ + left_ns / (std::min<std::size_t>(attempts_left_, count_fresh(choice())) + 1);
        progress_ = dns::TransferProgress(request_.message, request_.query.question);
        auto filter = upstream_->make_filter();
        if (upstream_->is_encrypted() && !filter) return fail(Failure::tls);
        handshake_.emplace(owner_.context_.counters, filter.get());
        io::MessageStream::Events& events = *this;
        stream_ = std::make_unique<io::MessageStream>(owner_.context_.io, upstream_->spec().key.endpoint,
                                                      request_.preface, events, owner_.context_.meter,
                                                      std::move(filter));
        upstream_->attempt_opened();
        owner_.context_.counters.tcp_connections[Side::upstream].add();
        dns::MutableBytes message(request_.message);
        const std::uint16_t client_id = dns::id_of(message);
        dns::set_id(message, id_);
        stream_->send(message);
        if (owner_.context_.tap.is_on()) [[unlikely]] tell_sent(owner_.context_, asking(), message);
        dns::set_id(message, client_id);
    }

    void succeed(RouteSuccession& succession, RouteInflight& inflight) {
        request_.route = succession.successor_of(request_.route);
        if (request_.route != routing::no_route) inflight.add(request_.route);
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

    /// For another client's. What has begun can only be cut.
    void give_way() {
        disconnect();
        if (begun_) {
            owner_.clients_.cut(request_.client);
        } else {
            owner_.events_.on_transfer_given_way(request_);
        }
        end();
    }

private:
    const Pool& pool() const { return request_.generation->pools->pools[request_.pool]; }
    const routing::RouteSettings& settings() const { return *pool().settings; }
    std::uint64_t timeout_ns() const { return io::nanoseconds_of(settings().timeout); }
    PoolChoice choice() const {
        return {*request_.generation, request_.pool, {tried_.data(), attempt_count_},
                request_.query.question.name(request_.message), request_.client.source};
    }

    /// For dnstap.
    Asking asking() const {
        const dns::Bytes name = request_.query.question.name(request_.message);
        return {*upstream_, true, io::bound_endpoint(stream_->descriptor()), name.last(request_.zone_length), sent_ns_};
    }

    void on_connected() override { handshake_->opened(); }

    void on_message(dns::MutableBytes message) override {
        const Turn turn(owner_.context_.events);
        receive(message);
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
        if (!begun_ && owner_.context_.tap.is_on()) [[unlikely]] tell_replied(owner_.context_, asking(), message);
        dns::set_id(message, dns::id_of(request_.message));
        if (!begun_) {
            count_reply(message);
            if (routing::fallback::names(settings().fallback_on, dns::rcode_of(message))) {
                if (attempts_left_ > 0 && count_fresh(choice()) > 0) return try_next(message);
                if (kept_) return give_up();
            }
        }
        const auto step = progress_.feed(message);
        if (step == dns::TransferProgress::Step::malformed) return fail(Failure::malformed);
        const bool first = !begun_;
        // A message without a record is no progress: who sends nothing else would hold the transfer for ever.
        if (first || dns::answer_count(message) != 0) wake_ns_ = owner_.context_.now_ns + timeout_ns();
        begun_ = true;
        owner_.events_.on_transfer_message(request_, first, message);
        if (step == dns::TransferProgress::Step::done) return end();
        if (owner_.clients_.queued_bytes(request_.client) > pause_reading_at) stream_->pause_reading();
    }

    void count_reply(dns::Bytes message) {
        upstream_->counters().responses[telemetry::rcode_label(dns::full_rcode_of(message))].add();
        upstream_->counters().duration.observe(owner_.context_.now_ns - sent_ns_);
    }

    void try_next(dns::Bytes reply) {
        if (!kept_) {
            kept_.emplace(reply.begin(), reply.end());
            kept_from_ = upstream_;
        }
        disconnect();
        connect();
    }

    void on_end(io::StreamEnd end, std::error_code error) override {
        const Turn turn(owner_.context_.events);
        const Failure failure = handshake_->ended(end, error, stream_->is_connected());
        if (failure == Failure::tls) {
            owner_.context_.encryption_failures.push_back({upstream_->spec().serial, handshake_->fault()});
        }
        fail(failure);
    }

    void fail(Failure failure) {
        if (failure == Failure::timeout) {
            upstream_->timed_out(request_.query.question.type);
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
            request_.asked.upstream = kept_from_;
            owner_.events_.on_transfer_message(request_, true, *kept_);
        } else {
            owner_.events_.on_transfer_failure(request_, network_error_ ? dns::ExtendedError::network_error
                                                                       : dns::ExtendedError::no_reachable_authority);
        }
        end();
    }

    void disconnect() {
        if (!stream_) return;
        handshake_->given_up(stream_->is_connected());
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
    std::optional<UpstreamHandshake> handshake_;  ///< the stream's
    std::unique_ptr<io::MessageStream> stream_;
    std::unique_ptr<io::MessageStream> old_stream_;
    std::optional<std::vector<std::uint8_t>> kept_;  ///< the first reply of an rcode that `fallback_on` names
    const Upstream* kept_from_ = nullptr;
    std::uint64_t deadline_ns_ = 0;                  ///< of the first message
    std::uint64_t wake_ns_ = 0;                      ///< until then the upstream may be silent
    std::uint64_t sent_ns_ = 0;
    std::uint16_t id_ = 0;
    std::uint8_t attempt_count_ = 0;
    std::uint8_t attempts_left_ = 0;
    bool begun_ = false;  ///< a message went to the client: there is no way back
    bool network_error_ = false;
    bool ended_ = false;
};

Transfers::Transfers(UpstreamContext& context, ClientSides& clients, TransferEvents& events)
    : context_(context), clients_(clients), events_(events) {}

Transfers::~Transfers() = default;

void Transfers::begin(TransferRequest request) {
    transfers_.push_back(std::make_unique<Transfer>(*this, std::move(request)));
    ++under_way_;
    events_.on_transfer_begin(transfers_.back()->request());
    transfers_.back()->connect();  // where there is no memory for it, its time is over at the next tick
}

bool Transfers::make_room(const Client& newcomer) {
    std::vector<routing::Holding> holdings;
    for (std::uint32_t i = 0; i < transfers_.size(); ++i) {
        const TransferRequest& request = transfers_[i]->request();
        if (transfers_[i]->ended()) continue;
        holdings.push_back({net::ClientNetwork::proven(request.client.source.address()), request.started_ns, 1, i});
    }
    const auto index =
        routing::who_gives_way_for(net::ClientNetwork::proven(newcomer.source.address()), std::move(holdings));
    if (index) transfers_[*index]->give_way();
    return index.has_value();
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

void Transfers::succeed(RouteSuccession& succession, RouteInflight& inflight) {
    for (const auto& transfer : transfers_) {
        if (!transfer->ended()) transfer->succeed(succession, inflight);
    }
}

void Transfers::cut_all() {
    for (const auto& transfer : transfers_) transfer->cut();
    clear_ended();
}

void Transfers::clear_ended() {
    std::erase_if(transfers_, [](const auto& transfer) { return transfer->ended(); });
}

}  // namespace dproxy::proxy
