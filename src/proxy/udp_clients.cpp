// SPDX-License-Identifier: MIT
#include "proxy/udp_clients.hpp"

#include <cerrno>

#include "io/readiness.hpp"

namespace dproxy::proxy {

using telemetry::Drop;

namespace {

constexpr std::size_t scratch_bytes = 1280;  ///< a cut reply (at most safe_udp_size) or one of our own
/// When the server stops: more batches than a socket buffer can hold.
constexpr int most_batches_at_end = 10'000;

}  // namespace

struct UdpClients::Listener {
    std::uint16_t index = 0;
    net::Endpoint bound;
    std::size_t next_scratch = 0;
    std::uint32_t kernel_drops = 0;
    io::SendBatch answers;
    std::unique_ptr<std::uint8_t[]> scratch{new std::uint8_t[io::batch_size * scratch_bytes]};
    std::unique_ptr<io::Readiness> readiness;
};

UdpClients::UdpClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, io::ReceiveBatch& received)
    : io_(io), counters_(counters), received_(received) {}

UdpClients::~UdpClients() = default;

void UdpClients::listen(io::Fd socket) {
    listeners_.push_back(std::make_unique<Listener>());
    Listener& listener = *listeners_.back();
    listener.index = next_++;
    listener.bound = io::bound_endpoint(socket.get());
    listener.readiness =
        std::make_unique<io::Readiness>(io_, std::move(socket), [this, &listener] { read(listener, false); });
}

void UdpClients::read(Listener& listener, bool until_empty) {
    handler_->on_turn();
    const int rounds = until_empty ? most_batches_at_end : 4;
    for (int round = 0; round < rounds; ++round) {
        const int count = received_.receive(listener.readiness->fd());
        if (count == -EAGAIN) return;
        if (count < 0) continue;  // an error left by an earlier send; reading goes on
        Client client;
        client.listener = listener.index;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            client.peer = received_.peer(i);
            if (received_.was_cut(i)) {
                counters_.dropped[Drop::cut_by_kernel].add();
            } else if (client.peer.port() == 0) {
                counters_.dropped[Drop::source_port_zero].add();
            } else {
                client.local = received_.local(i);
                handler_->on_query(received_.bytes(i), client);
            }
        }
        const std::uint32_t drops = received_.kernel_drops(static_cast<std::size_t>(count) - 1);
        if (drops > listener.kernel_drops) {
            counters_.udp_receive_drops.add(drops - listener.kernel_drops);
            listener.kernel_drops = drops;
        }
        handler_->flush();
        if (static_cast<std::size_t>(count) < io::batch_size && !until_empty) return;
    }
}

net::Endpoint UdpClients::asked(const Client& client) const {
    net::Endpoint asked = listeners_[client.listener]->bound;
    if (client.local.interface != 0) asked.address = client.local.to_address(client.peer.is_v4());
    return asked;
}

dns::MutableBytes UdpClients::scratch(const Client& client) {
    Listener& listener = *listeners_[client.listener];
    if (listener.answers.full() || listener.next_scratch == io::batch_size) flush(listener);
    return {listener.scratch.get() + scratch_bytes * listener.next_scratch++, scratch_bytes};
}

void UdpClients::send(const Client& client, dns::Bytes message) {
    Listener& listener = *listeners_[client.listener];
    if (listener.answers.full()) flush(listener);
    listener.answers.push(message, client.peer, client.local);
}

void UdpClients::flush() {
    for (const auto& listener : listeners_) {
        if (!listener->answers.empty()) flush(*listener);
    }
}

void UdpClients::flush(Listener& listener) {
    const auto outcome = listener.answers.flush(listener.readiness->fd());
    listener.next_scratch = 0;
    if (outcome.failed > 0) counters_.dropped[Drop::send_failed].add(outcome.failed);
}

void UdpClients::stop_reading() {
    for (const auto& listener : listeners_) {
        read(*listener, true);
        listener->readiness->pause();
    }
}

}  // namespace dproxy::proxy
