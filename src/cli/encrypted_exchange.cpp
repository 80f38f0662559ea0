// SPDX-License-Identifier: MIT
// Held by tests/integration/test_ask_encrypted.py.
#include "cli/encrypted_exchange.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "cli/waiting_socket.hpp"

namespace dproxy::cli {
namespace {

using State = io::StreamFilter::State;

constexpr std::size_t prefix_length = 2;  // RFC 1035 4.2.2
constexpr std::size_t piece_bytes = 16384;

/// A connection that is encrypted. Each step returns why it failed; empty where it did not.
class EncryptedConnection {
public:
    EncryptedConnection(const net::Endpoint& server, const AskEncryption& encryption, io::StreamFilter& filter,
                        std::chrono::milliseconds timeout)
        : encryption_(encryption), filter_(filter), deadline_(SocketClock::now() + timeout),
          socket_(open_socket(server, SOCK_STREAM)) {
        if (socket_) {
            open(server);
        } else {
            fault_ = reason_of(errno);
        }
    }

    const std::string& fault() const { return fault_; }

    void write(dns::Bytes meant) {
        if (!fault_.empty()) return;
        if (filter_.state() == State::open) filter_.write(meant);
        flush();
    }

    /// What the server means is appended, at least a byte where nothing failed.
    void read(std::vector<std::uint8_t>& meant) {
        const auto before = meant.size();
        take_meant(meant);  // may have come with the end of the handshake
        while (fault_.empty() && meant.size() == before) {
            if (filter_.state() == State::ended) return fail("the connection was closed before the answer");
            receive("no answer in time", "the connection was closed before the answer");
            take_meant(meant);
        }
    }

private:
    void fail(std::string fault) {
        if (fault_.empty()) fault_ = std::move(fault);
    }

    void open(const net::Endpoint& server) {
        fail(connect_tcp(socket_.get(), server, deadline_));
        if (fault_.empty()) flush();
        while (fault_.empty() && filter_.state() == State::opening) {
            receive("the TLS handshake was not over in time", "the connection was closed within the TLS handshake");
        }
    }

    void receive(std::string_view when_silent, std::string_view when_closed) {
        if (!wait_for(socket_.get(), POLLIN, deadline_)) return fail(std::string(when_silent));
        std::array<std::uint8_t, piece_bytes> piece;
        const auto count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
        // A reset is how it ends where what we sent was not read.
        if (count == 0 || (count < 0 && errno == ECONNRESET)) return fail(std::string(when_closed));
        if (count < 0) return errno == EAGAIN || errno == EINTR ? void() : fail(reason_of(errno));
        filter_.take(dns::Bytes(piece).first(static_cast<std::size_t>(count)));
        flush();
    }

    void take_meant(std::vector<std::uint8_t>& meant) {
        std::array<std::uint8_t, piece_bytes> piece;
        while (const auto size = filter_.read(piece)) meant.insert(meant.end(), piece.begin(), piece.begin() + size);
        if (filter_.state() == State::failed) fail(fault_of(filter_, encryption_));
    }

    /// Of a filter that failed its alert is sent as well.
    void flush() {
        std::vector<std::uint8_t> bytes;
        filter_.fetch(bytes);
        const bool has_failed = filter_.state() == State::failed;
        if (has_failed) fail(fault_of(filter_, encryption_));
        std::span<const std::uint8_t> left(bytes);
        while (!left.empty()) {
            if (!wait_for(socket_.get(), POLLOUT, deadline_)) return fail("the server took nothing in time");
            const auto count = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
            if (count < 0 && errno != EAGAIN && errno != EINTR) return fail(reason_of(errno));
            left = left.subspan(count > 0 ? static_cast<std::size_t>(count) : 0);
        }
    }

    const AskEncryption& encryption_;
    io::StreamFilter& filter_;
    SocketClock::time_point deadline_;
    io::Fd socket_;
    std::string fault_;
};

DnsAnswer answer_of(std::string fault, dns::Bytes query, std::vector<std::uint8_t> reply) {
    if (fault.empty() && !answers(query, reply)) fault = "what came is not a reply to the query";
    if (!fault.empty()) return failed(std::move(fault));
    return {std::move(reply), {}, false};
}

std::string http_fault(const http2::Reply& reply) {
    switch (reply.outcome) {
        case http2::Outcome::answered: return {};
        case http2::Outcome::unheard: return "the server took no request";
        case http2::Outcome::lost: return "the request ended without a response";
        case http2::Outcome::status:
            return "HTTP status " + std::to_string(reply.status) +
                   " was found; expected 200 (--path names the resource)";
        case http2::Outcome::content_type: return "the response is other than application/dns-message";
        case http2::Outcome::length: return "the response is shorter than a DNS message, or than it said";
        case http2::Outcome::too_large: return "the response is longer than a DNS message may be";
        case http2::Outcome::malformed: return "the response is against the rules of HTTP/2";
    }
    return {};
}

}  // namespace

DnsAnswer exchange_tls(const net::Endpoint& server, dns::Bytes query, const AskEncryption& encryption,
                       io::StreamFilter& filter, std::chrono::milliseconds timeout) {
    EncryptedConnection connection(server, encryption, filter, timeout);
    std::vector<std::uint8_t> bytes(prefix_length);
    dns::write_u16(bytes.data(), static_cast<std::uint16_t>(query.size()));
    bytes.insert(bytes.end(), query.begin(), query.end());
    connection.write(bytes);
    std::vector<std::uint8_t> reply;
    std::size_t expected = prefix_length;
    while (connection.fault().empty() && reply.size() < expected) {
        connection.read(reply);
        if (reply.size() >= prefix_length) expected = prefix_length + dns::read_u16(reply.data());
    }
    if (!connection.fault().empty()) return failed(connection.fault());
    const auto message = dns::Bytes(reply).subspan(prefix_length, expected - prefix_length);
    return answer_of({}, query, {message.begin(), message.end()});
}

DnsAnswer exchange_https(const net::Endpoint& server, dns::Bytes query, const AskEncryption& encryption,
                         io::StreamFilter& filter, const http2::Resource& resource,
                         std::chrono::milliseconds timeout) {
    EncryptedConnection connection(server, encryption, filter, timeout);
    if (!connection.fault().empty()) return failed(connection.fault());
    if (filter.protocol() != "h2") return failed("HTTP/2 is not spoken there (ALPN h2)");
    http2::ClientSession session(resource);
    session.ask(query);
    std::vector<std::uint8_t> bytes;
    while (true) {
        bytes.clear();
        session.fetch(bytes, piece_bytes);
        if (!bytes.empty()) connection.write(bytes);
        if (auto reply = session.next_reply()) return answer_of(http_fault(*reply), query, std::move(reply->message));
        if (!connection.fault().empty()) return failed(connection.fault());
        if (session.state() == http2::ClientSession::State::ended) return failed("what came is not HTTP/2");
        bytes.clear();
        connection.read(bytes);
        const auto now = std::chrono::nanoseconds(SocketClock::now().time_since_epoch()).count();
        session.take(bytes, static_cast<std::uint64_t>(now));
    }
}

}  // namespace dproxy::cli
