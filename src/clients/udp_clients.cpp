// SPDX-License-Identifier: MIT
// Held by tests/integration/test_bad_input.py and tests/integration/test_listening.py.
#include "clients/udp_clients.hpp"

#include <cerrno>
#include <utility>

#include "io/readiness.hpp"
#include "io/source_filter.hpp"
#include "net/received_proxy_header.hpp"
#include "queries/turn.hpp"
#include "routing/shedding.hpp"

namespace dproxy::proxy {

using telemetry::Drop;

namespace {

constexpr std::size_t room_bytes = 1280;  ///< of room()
/// Before others have their turn.
constexpr int most_batches = 4;
/// When the server stops: more batches than a socket buffer can hold.
constexpr int most_batches_at_end = 10'000;

}  // namespace

struct UdpClients::Listener {
    std::uint16_t index = 0;
    net::Endpoint bound;
    std::size_t next_room = 0;
    std::uint32_t kernel_drops = 0;
    std::uint64_t read = 0;              ///< datagrams since the last look
    std::uint32_t drops_at_look = 0;     ///< kernel_drops then
    routing::Shedding shedding;
    io::SendBatch answers;
    std::unique_ptr<std::uint8_t[]> rooms{new std::uint8_t[io::batch_size * room_bytes]};
    std::unique_ptr<io::Readiness> readiness;
};

UdpClients::UdpClients(boost::asio::io_context& io, telemetry::WorkerCounters& counters, const WorkerOptions& options,
                       io::ReceiveBatch& received)
    : io_(io), counters_(counters), options_(options), received_(received) {}

UdpClients::~UdpClients() = default;

void UdpClients::listen(Transport, io::Fd socket) {
    listeners_.push_back(std::make_unique<Listener>());
    Listener& listener = *listeners_.back();
    listener.index = next_++;
    listener.bound = io::bound_endpoint(socket.get());
    listener.readiness =
        std::make_unique<io::Readiness>(io_, std::move(socket), [this, &listener] { read(listener); });
}

void UdpClients::read(Listener& listener) {
    for (int round = 0; round < most_batches; ++round) {
        const int count = read_batch(listener);
        if (count == -EAGAIN) return;
        if (count >= 0 && static_cast<std::size_t>(count) < io::batch_size) return;
        // Full, or an error left by an earlier send: reading goes on.
    }
}

int UdpClients::read_batch(Listener& listener) {
    const Turn turn(*handler_);
    if (listener.shedding.is_due(handler_->now_ns())) shed(listener);
    const int count = received_.receive(listener.readiness->fd());
    if (count > 0) take_batch(listener, static_cast<std::size_t>(count));
    return count;
}

bool UdpClients::take_header(dns::MutableBytes& message, Client& client) const {
    client.via.length = 0;
    if (options_.proxy_from.empty() || !options_.proxy_from.contains(client.source.address())) return true;
    const auto header = net::read_datagram_proxy_header(message);
    if (!header) return false;
    message = message.subspan(header->length);
    if (header->ends) {
        client.via = client.source;
        client.source = io::SocketAddress(header->ends->source);
    }
    return true;
}

void UdpClients::take_batch(Listener& listener, std::size_t count) {
    listener.read += count;
    const bool watching = listener.shedding.is_watching();
    Client client;
    client.listener = listener.index;
    for (std::size_t i = 0; i < count; ++i) {
        client.source = received_.peer(i);
        if (received_.was_cut(i)) {
            counters_.dropped[Drop::cut_by_kernel].add();
        } else if (client.source.port() == 0) {
            counters_.dropped[Drop::source_port_zero].add();
        } else if (client.source.is_mapped()) {
            counters_.dropped[Drop::mapped_source].add();
        } else {
            client.local = received_.local(i);
            dns::MutableBytes message = received_.bytes(i);
            // Shed is whom the kernel knows: the proxy.
            if (watching && !listener.shedding.admits(net::ClientNetwork::claimed(client.source.address()))) {
                counters_.udp_receive_drops.add();
            } else if (take_header(message, client)) {
                handler_->on_query(message, client);
            } else {
                counters_.dropped[Drop::proxy_header].add();
            }
        }
    }
    const std::uint32_t drops = received_.kernel_drops(count - 1);
    if (drops > listener.kernel_drops) {
        counters_.udp_receive_drops.add(drops - listener.kernel_drops);
        listener.kernel_drops = drops;
    }
}

void UdpClients::shed(Listener& listener) {
    const int fd = listener.readiness->fd();
    const bool was_shedding = !listener.shedding.kept_parts().empty();
    routing::Shedding::Sight sight;
    sight.read = std::exchange(listener.read, 0);
    // What the filter drops, the kernel counts as well: these are told apart only while there is none.
    sight.dropped = was_shedding ? 0 : listener.kernel_drops - listener.drops_at_look;
    const io::BufferFill fill = io::receive_buffer_fill(fd);
    sight.filled = fill.part;
    sight.waiting = fill.datagrams;
    listener.drops_at_look = listener.kernel_drops;
    if (!listener.shedding.look(sight, handler_->now_ns())) return;
    std::vector<io::Admission> admissions;
    for (const routing::KeptPart& part : listener.shedding.kept_parts()) {
        admissions.push_back({part.network, part.kept});
    }
    // Without the filter the kernel drops of everybody alike, as it did.
    io::admit_sources(fd, listener.bound.address.is_v4(), admissions);
    std::size_t shed = 0;
    for (const auto& one : listeners_) shed += one->shedding.kept_parts().size();
    counters_.shed_networks.set(shed);
}

void UdpClients::maintain() {
    for (const auto& listener : listeners_) {
        if (listener->shedding.is_due(handler_->now_ns())) shed(*listener);
    }
}

net::Endpoint UdpClients::asked(const Client& client) const {
    net::Endpoint asked = listeners_[client.listener]->bound;
    if (client.local.interface != 0) asked.address = client.local.to_address(client.peer().is_v4());
    return asked;
}

dns::MutableBytes UdpClients::room(const Client& client) {
    Listener& listener = *listeners_[client.listener];
    if (listener.answers.full() || listener.next_room == io::batch_size) flush(listener);
    return {listener.rooms.get() + room_bytes * listener.next_room++, room_bytes};
}

bool UdpClients::answer(const Client& client, dns::Bytes message) {
    Listener& listener = *listeners_[client.listener];
    if (listener.answers.full()) flush(listener);
    listener.answers.push(message, client.peer(), client.local);
    return true;
}

void UdpClients::flush() {
    for (const auto& listener : listeners_) {
        if (!listener->answers.empty()) flush(*listener);
    }
}

void UdpClients::flush(Listener& listener) {
    const auto outcome = listener.answers.flush(listener.readiness->fd());
    listener.next_room = 0;
    if (outcome.failed > 0) counters_.dropped[Drop::send_failed].add(outcome.failed);
}

void UdpClients::stop_reading() {
    for (const auto& listener : listeners_) {
        for (int round = 0; round < most_batches_at_end && read_batch(*listener) != -EAGAIN; ++round) {
        }
        listener->readiness->pause();
    }
}

}  // namespace dproxy::proxy
