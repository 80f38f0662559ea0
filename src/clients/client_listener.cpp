// SPDX-License-Identifier: MIT
// Held by tests/integration/test_proxy_from.py and tests/integration/test_proxy_from_hostile.py.
#include "clients/client_listener.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "clients/limits.hpp"
#include "io/monotonic.hpp"
#include "io/readiness.hpp"
#include "net/received_proxy_header.hpp"

namespace dproxy::proxy {

using telemetry::Rejection;
using HeaderState = net::ProxyHeaderReader::State;

namespace {

constexpr std::size_t read_at_once = 4096;
constexpr std::size_t awaited_bytes = 1024;  ///< of a connection whose header is awaited, with its place in the loop

/// Takes the header as far as it has come, and not one byte of what is behind it. Malformed too is one that is not
/// whole when the peer is done; who says nothing at all (a check whether anybody listens) has sent none.
enum class Heard : std::uint8_t { part, all, malformed, nothing };

Heard hear(int fd, net::ProxyHeaderReader& reader) {
    std::array<std::uint8_t, read_at_once> bytes;
    while (reader.state() == HeaderState::incomplete) {
        const ssize_t seen = ::recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
        if (seen < 0 && errno == EINTR) continue;
        if (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Heard::part;
        if (seen <= 0) return reader.length() == 0 ? Heard::nothing : Heard::malformed;
        const std::size_t taken = reader.take({bytes.data(), static_cast<std::size_t>(seen)});
        if (::recv(fd, bytes.data(), taken, MSG_DONTWAIT) != static_cast<ssize_t>(taken)) return Heard::malformed;
    }
    return reader.state() == HeaderState::complete ? Heard::all : Heard::malformed;
}

}  // namespace

struct ClientListener::Awaited {
    Awaited(const io::SocketAddress& from, std::shared_ptr<io::ByteMeter> meter)
        : peer(from), held(std::move(meter)) {
        held.set(awaited_bytes);
    }

    io::SocketAddress peer;
    net::ProxyHeaderReader header{};
    std::uint64_t since_ns = io::monotonic_ns();
    io::MeteredBytes held;
    std::unique_ptr<io::Readiness> readiness{};
};

ClientListener::ClientListener(boost::asio::io_context& io, io::Fd socket, const WorkerOptions& options,
                               telemetry::WorkerCounters& counters, std::shared_ptr<io::ByteMeter> meter,
                               Accept accept)
    : io_(io),
      options_(options),
      counters_(counters),
      meter_(std::move(meter)),
      accept_(std::move(accept)),
      listener_(io, std::move(socket), [this](io::Fd connection, const io::SocketAddress& peer) {
          arrived(std::move(connection), peer);
      }) {}

ClientListener::~ClientListener() = default;

void ClientListener::arrived(io::Fd connection, const io::SocketAddress& peer) {
    if (peer.is_mapped()) return reject(Rejection::mapped_source);
    if (options_.proxy_from.empty() || !options_.proxy_from.contains(peer.address())) {
        return accept_({std::move(connection), peer.is_v4(), peer});
    }
    await_header(std::move(connection), peer);
}

void ClientListener::await_header(io::Fd connection, const io::SocketAddress& peer) {
    if (connection.get() >= options_.first_reserved_descriptor) return reject(Rejection::tcp_connections);
    if (awaited_.size() >= most_headers_awaited) {
        awaited_.pop_front();
        reject(Rejection::proxy_header_wait);
    }
    const auto place = awaited_.emplace(awaited_.end(), peer, meter_);
    std::error_code error;
    const auto readable = [this, place] { go_on(place); };
    place->readiness = std::make_unique<io::Readiness>(io_, std::move(connection), readable, error);
    if (error) awaited_.erase(place);
}

void ClientListener::go_on(Place place) {
    const Heard heard = hear(place->readiness->fd(), place->header);
    if (heard == Heard::part) return;
    Newcomer newcomer{place->readiness->release(), place->peer.is_v4(), place->peer};
    if (const auto& ends = place->header.ends()) newcomer.source = io::SocketAddress(ends->source);
    awaited_.erase(place);
    if (heard == Heard::all) return accept_(std::move(newcomer));
    if (heard == Heard::malformed) reject(Rejection::proxy_header);
}

void ClientListener::maintain(std::uint64_t now_ns) {
    while (!awaited_.empty() && now_ns - awaited_.front().since_ns >= longest_header_wait_ns) {
        awaited_.pop_front();
        reject(Rejection::proxy_header_wait);
    }
}

}  // namespace dproxy::proxy
