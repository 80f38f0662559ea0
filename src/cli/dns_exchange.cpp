// SPDX-License-Identifier: MIT
#include "cli/dns_exchange.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "cli/waiting_socket.hpp"
#include "dns/query.hpp"
#include "dns/reply.hpp"
#include "io/fd.hpp"
#include "io/socket_address.hpp"

namespace dproxy::cli {
namespace {

using Clock = SocketClock;

constexpr int udp_tries = 2;
constexpr std::size_t tcp_prefix_length = 2;  // RFC 1035 4.2.2

/// Moves all bytes one way before the deadline. Returns why not; empty where all was moved.
template <typename Byte, typename Move>
std::string move_all(int fd, short events, std::span<Byte> bytes, Clock::time_point deadline, Move move) {
    while (!bytes.empty()) {
        if (!wait_for(fd, events, deadline)) return "no answer in time";
        const ssize_t count = move(bytes);
        if (count == 0) return "the connection was closed before the answer";
        if (count < 0 && errno != EAGAIN && errno != EINTR) return reason_of(errno);
        bytes = bytes.subspan(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return {};
}

}  // namespace

DnsAnswer failed(std::string error) {
    const bool refused = error == reason_of(ECONNREFUSED);
    return {{}, std::move(error), refused};
}

bool answers(dns::Bytes query, dns::Bytes reply) {
    dns::Question question;
    return dns::read_question(query, question) == dns::QuestionFault::none && reply.size() >= dns::header_length &&
           dns::id_of(reply) == dns::id_of(query) &&
           dns::check_reply(query, question, reply) == dns::ReplyFault::none;
}

DnsAnswer exchange_udp(const net::Endpoint& server, dns::Bytes query, std::chrono::milliseconds pause) {
    const auto socket = open_socket(server, SOCK_DGRAM);
    const io::SocketAddress address(server);
    if (!socket || ::connect(socket.get(), &address.any, address.length) != 0) return failed(reason_of(errno));
    std::vector<std::uint8_t> buffer(dns::max_message_length);
    for (int i = 0; i < udp_tries; ++i) {
        if (::send(socket.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0) return failed(reason_of(errno));
        const auto deadline = Clock::now() + pause;
        while (wait_for(socket.get(), POLLIN, deadline)) {
            const auto length = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
            if (length < 0 && errno != EAGAIN && errno != EINTR) return failed(reason_of(errno));
            const auto size = static_cast<std::size_t>(std::max<ssize_t>(length, 0));
            if (answers(query, dns::Bytes(buffer).first(size))) {
                buffer.resize(size);
                return {std::move(buffer), {}, false};
            }
        }
    }
    return failed("no answer in time");
}

DnsAnswer exchange_tcp(const net::Endpoint& server, dns::Bytes query, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    const auto socket = open_socket(server, SOCK_STREAM);
    if (!socket) return failed(reason_of(errno));
    const int fd = socket.get();
    auto fault = connect_tcp(fd, server, deadline);

    std::vector<std::uint8_t> bytes(tcp_prefix_length);
    dns::write_u16(bytes.data(), static_cast<std::uint16_t>(query.size()));
    bytes.insert(bytes.end(), query.begin(), query.end());
    const auto read_bytes = [&](std::span<std::uint8_t> into) {
        return move_all(fd, POLLIN, into, deadline, [fd](auto b) { return ::recv(fd, b.data(), b.size(), 0); });
    };
    if (fault.empty()) {
        fault = move_all(fd, POLLOUT, std::span<const std::uint8_t>(bytes), deadline,
                         [fd](auto b) { return ::send(fd, b.data(), b.size(), MSG_NOSIGNAL); });
    }
    std::vector<std::uint8_t> reply(tcp_prefix_length);
    if (fault.empty()) fault = read_bytes(reply);
    if (fault.empty()) {
        reply.resize(dns::read_u16(reply.data()));
        fault = read_bytes(reply);
    }
    if (fault.empty() && !answers(query, reply)) fault = "what came is not a reply to the query";
    if (!fault.empty()) return failed(std::move(fault));
    return {std::move(reply), {}, false};
}

}  // namespace dproxy::cli
