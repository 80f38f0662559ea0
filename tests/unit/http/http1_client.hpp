// SPDX-License-Identifier: MIT
// A client of HTTP/1.1 for tests: text in, text out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/http1_session.hpp"

namespace dproxy::test {

inline const http::Place http_place{"/dns-query", net::NetworkList({*net::Network::parse("10.0.0.0/8")})};
/// A DNS header of 12 zero bytes, and how a GET carries it.
inline const std::string http_message(12, '\0');
inline const std::string http_get =
    "GET /dns-query?dns=AAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a.test\r\n\r\n";

inline std::string http_post(const std::string& body, const std::string& more = "") {
    return "POST /dns-query HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/dns-message\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

struct Http1Client {
    http::Http1Session session{http_place, net::Address::v4(192, 0, 2, 1)};

    void send(const std::string& text) {
        session.take({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, 0);
    }
    std::string receive(std::size_t enough = 1 << 20) {
        std::vector<std::uint8_t> bytes;
        session.fetch(bytes, enough);
        return {bytes.begin(), bytes.end()};
    }
    /// The status of what comes, 0 where nothing does.
    int status() {
        const std::string text = receive();
        return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
    }
    /// 0 where there is none.
    http::RequestId request() {
        const auto found = session.next_request();
        return found ? found->id : 0;
    }
    bool answer(http::RequestId id, const std::string& message) {
        return session.answer(id, {reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
    }
};

/// What one request is answered with, without anybody's doing.
inline int http1_status(const std::string& text) {
    Http1Client client;
    client.send(text);
    return client.status();
}

}  // namespace dproxy::test
