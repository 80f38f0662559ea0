// SPDX-License-Identifier: MIT
// What a server of one shot says to a DNS query: scripts for it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "dns/message.hpp"
#include "one_shot_server.hpp"

namespace dproxy::test {

/// The query with QR set and an rcode: a reply without records of its own.
inline std::string reply_to(std::string query, dns::Rcode rcode) {
    query[2] = static_cast<char>(query[2] | 0x80);
    query[3] = static_cast<char>(rcode);
    return query;
}

struct Datagram {
    std::string text;
    sockaddr_in from{};
};
inline Datagram receive(int socket) {
    Datagram datagram;
    if (!readable(socket)) return datagram;
    char buffer[1024];
    socklen_t length = sizeof datagram.from;
    const auto count =
        ::recvfrom(socket, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&datagram.from), &length);
    datagram.text.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return datagram;
}
inline void send_back(int socket, const Datagram& to, std::string_view text) {
    ::sendto(socket, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to.from), sizeof to.from);
}

/// Answers one query over UDP.
inline std::function<void(int)> udp_answer(dns::Rcode rcode) {
    return [rcode](int socket) {
        const auto query = receive(socket);
        send_back(socket, query, reply_to(query.text, rcode));
    };
}

/// Reads one query over TCP, then sends what `answer` makes of it, with its length unless it is cut.
inline std::function<void(int)> tcp_answer(std::function<std::string(std::string)> answer, std::size_t cut = 65537) {
    return [answer = std::move(answer), cut](int listener) {
        const auto connection = accept_one(listener);
        std::string query;
        while (query.size() < 2 ||
               query.size() < 2U + dns::read_u16(reinterpret_cast<const std::uint8_t*>(query.data()))) {
            char buffer[1024];
            if (!readable(connection.get())) return;
            const auto count = ::recv(connection.get(), buffer, sizeof buffer, 0);
            if (count <= 0) return;
            query.append(buffer, static_cast<std::size_t>(count));
        }
        const auto reply = answer(query.substr(2));
        std::string framed{static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())};
        send_text(connection.get(), (framed + reply).substr(0, cut));
    };
}

}  // namespace dproxy::test
