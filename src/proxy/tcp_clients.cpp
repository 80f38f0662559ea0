// SPDX-License-Identifier: MIT
#include "proxy/tcp_clients.hpp"

#include "io/message_stream.hpp"
#include "proxy/limits.hpp"

namespace dproxy::proxy {

using telemetry::Rejection;
using telemetry::Side;

class TcpClients::Connection final : private io::MessageStream::Events {
public:
    Connection(TcpClients& owner, io::Fd socket, const io::SocketAddress& peer, std::uint32_t place)
        : owner_(owner), address_(peer.address()), stream_(owner.io_, std::move(socket), peer.is_v4(), *this) {
        client_.transport = telemetry::Transport::tcp;
        client_.peer = peer;
        client_.connection = place;
        client_.serial = owner.next_serial_++;
        moved_ns_ = owner.handler_->now_ns();
        owner_.counters_.tcp_connections[Side::client].add();
    }
    ~Connection() {
        owner_.counters_.tcp_connections[Side::client].subtract();
        owner_.limits_.leave(address_);
    }

    const Client& client() const { return client_; }
    std::size_t queued_bytes() const { return stream_.queued_bytes(); }
    void send(dns::Bytes message) { stream_.send(message); }
    bool is_cut() const { return cut_; }
    /// The kernel is asked when it matters for the first time.
    const net::Endpoint& asked() {
        if (asked_.port == 0) asked_ = stream_.local_endpoint();
        return asked_;
    }

    /// Perhaps in the midst of a call from the stream: the connection itself goes at the next maintain().
    void cut() {
        cut_ = true;
        stream_.close();
    }

    void query_done() {
        --inflight_;
        continue_reading();
    }

    void finish() {
        finishing_ = true;
        stream_.pause_reading();
        if (inflight_ == 0) stream_.close_when_drained();
    }

    /// False when nothing moved for the idle time. Answers that are being fetched are not the client's fault.
    bool check_progress(std::uint64_t now_ns, std::uint64_t idle_ns) {
        const bool waits_for_upstream = inflight_ > 0 && stream_.queued_bytes() == 0;
        if (stream_.progress() != seen_progress_ || waits_for_upstream) {
            seen_progress_ = stream_.progress();
            moved_ns_ = now_ns;
        }
        return now_ns - moved_ns_ < idle_ns;
    }

private:
    void on_message(dns::MutableBytes message) override {
        owner_.handler_->on_turn();
        const WorkerOptions& options = owner_.options_;
        ++inflight_;
        if (++queries_ >= options.tcp_queries) {
            owner_.counters_.rejected[Rejection::tcp_queries].add();
            finishing_ = true;
        }
        if (finishing_) {
            stream_.pause_reading();
        } else if (inflight_ >= options.tcp_inflight) {
            owner_.counters_.rejected[Rejection::tcp_inflight].add();
            stream_.pause_reading();
        }
        if (!owner_.handler_->on_query(message, client_)) --inflight_;
        if (stream_.queued_bytes() > pause_reading_at) stream_.pause_reading();
        if (finishing_ && inflight_ == 0) stream_.close_when_drained();
        owner_.handler_->flush();
    }

    void on_drained() override {
        owner_.handler_->on_turn();
        continue_reading();
        owner_.handler_->on_client_drained(client_);
        owner_.handler_->flush();
    }

    bool on_half_closed() override {
        owner_.handler_->on_turn();
        finish();
        return true;
    }

    void on_end(io::StreamEnd end, std::error_code) override {
        owner_.handler_->on_turn();
        if (end == io::StreamEnd::bad_length || end == io::StreamEnd::cut_short) {
            owner_.counters_.rejected[Rejection::tcp_framing].add();
        }
        owner_.remove(*this);
    }

    void continue_reading() {
        if (finishing_) {
            if (inflight_ == 0) stream_.close_when_drained();
            return;
        }
        if (inflight_ < owner_.options_.tcp_inflight && stream_.queued_bytes() <= pause_reading_at) {
            stream_.resume_reading();
        }
    }

    TcpClients& owner_;
    Client client_;
    net::Address address_;
    net::Endpoint asked_;
    std::uint32_t inflight_ = 0;
    std::uint32_t queries_ = 0;
    bool finishing_ = false;
    bool cut_ = false;
    std::uint64_t seen_progress_ = 0;
    std::uint64_t moved_ns_ = 0;
    io::MessageStream stream_;
};

TcpClients::TcpClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, const WorkerOptions& options,
                       TcpLimits& limits)
    : io_(io), counters_(counters), options_(options), limits_(limits) {}

TcpClients::~TcpClients() = default;

void TcpClients::listen(io::Fd socket) {
    listeners_.push_back(std::make_unique<io::TcpListener>(
        io_, std::move(socket),
        [this](io::Fd connection, const io::SocketAddress& peer) { accept(std::move(connection), peer); }));
}

void TcpClients::accept(io::Fd socket, const io::SocketAddress& peer) {
    handler_->on_turn();
    switch (limits_.admit(peer.address())) {
        case TcpLimits::Admission::admitted:
            break;
        case TcpLimits::Admission::too_many:
            counters_.rejected[Rejection::tcp_connections].add();
            return;
        case TcpLimits::Admission::too_many_of_client:
            counters_.rejected[Rejection::tcp_connections_per_client].add();
            return;
    }
    std::uint32_t place = static_cast<std::uint32_t>(connections_.size());
    if (free_places_.empty()) {
        connections_.emplace_back();
    } else {
        place = free_places_.back();
        free_places_.pop_back();
    }
    connections_[place] = std::make_unique<Connection>(*this, std::move(socket), peer, place);
}

TcpClients::Connection* TcpClients::find(const Client& client) const {
    if (client.connection >= connections_.size()) return nullptr;
    Connection* connection = connections_[client.connection].get();
    if (!connection || connection->is_cut() || connection->client().serial != client.serial) return nullptr;
    return connection;
}

void TcpClients::remove(Connection& connection) {
    const Client client = connection.client();
    free_places_.push_back(client.connection);
    connections_[client.connection].reset();
    handler_->on_client_gone(client);
}

bool TcpClients::send(const Client& client, dns::Bytes message) {
    Connection* connection = find(client);
    if (!connection) return false;
    if (queued_bytes_ > max_queued_bytes) count_queued_bytes();
    if (queued_bytes_ > max_queued_bytes && connection->queued_bytes() > pause_reading_at) {
        // Clients that do not read hold as much as all of them may: one of them goes.
        counters_.rejected[Rejection::tcp_idle].add();
        connection->cut();
        return false;
    }
    connection->send(message);
    queued_bytes_ += message.size();
    return true;
}

void TcpClients::query_done(const Client& client) {
    if (Connection* connection = find(client)) connection->query_done();
}

std::size_t TcpClients::queued_bytes(const Client& client) const {
    const Connection* connection = find(client);
    return connection ? connection->queued_bytes() : 0;
}

net::Endpoint TcpClients::asked(const Client& client) const {
    Connection* connection = find(client);
    return connection ? connection->asked() : net::Endpoint{};
}

void TcpClients::cut(const Client& client) {
    if (Connection* connection = find(client)) connection->cut();
}

void TcpClients::count_queued_bytes() {
    queued_bytes_ = 0;
    for (const auto& connection : connections_) {
        if (connection) queued_bytes_ += connection->queued_bytes();
    }
}

void TcpClients::maintain() {
    for (std::size_t place = 0; place < connections_.size(); ++place) {
        Connection* connection = connections_[place].get();
        if (!connection) continue;
        if (!connection->is_cut() && !connection->check_progress(handler_->now_ns(), options_.tcp_idle_ns)) {
            counters_.rejected[Rejection::tcp_idle].add();
            connection->cut();
        }
        if (connection->is_cut()) remove(*connection);
    }
    count_queued_bytes();
}

void TcpClients::stop_reading() {
    stopping_ = true;
    listeners_.clear();
    for (std::size_t place = 0; place < connections_.size(); ++place) {
        if (connections_[place]) connections_[place]->finish();
    }
}

}  // namespace dproxy::proxy
