// SPDX-License-Identifier: MIT
// A server on 127.0.0.1 for one test: plain sockets, a thread, a script of what to do.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "io/fd.hpp"
#include "net/address.hpp"

namespace dproxy::test {

/// Bound to a free port before the constructor ends. The script runs on a thread of its own, with the socket
/// (TCP: a listening one), and is joined at the end of the object's life: it must wait for nothing for ever.
class OneShotServer {
public:
    OneShotServer(int type, std::function<void(int socket)> script)
        : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_.get(), any, length) != 0 || ::getsockname(socket_.get(), any, &length) != 0 ||
            (type == SOCK_STREAM && ::listen(socket_.get(), 4) != 0)) {
            throw std::runtime_error("a test's server cannot be bound");
        }
        endpoint_ = {net::Address::v4(127, 0, 0, 1), ntohs(address.sin_port)};
        thread_ = std::thread([this, script = std::move(script)] { script(socket_.get()); });
    }
    ~OneShotServer() { thread_.join(); }

    const net::Endpoint& endpoint() const { return endpoint_; }

private:
    io::Fd socket_;
    net::Endpoint endpoint_;
    std::thread thread_;
};

inline constexpr int longest_wait_ms = 10'000;  ///< so that a broken test ends

inline bool readable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, longest_wait_ms) > 0;
}

/// A connection from the listening socket, or -1.
inline io::Fd accept_one(int listener) {
    return io::Fd(readable(listener) ? ::accept(listener, nullptr, nullptr) : -1);
}

/// Up to `end`, or what there was.
inline std::string read_until(int fd, std::string_view end) {
    std::string text;
    while (text.find(end) == std::string::npos && readable(fd)) {
        char buffer[4096];
        const auto count = ::recv(fd, buffer, sizeof buffer, 0);
        if (count <= 0) break;
        text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
}

inline void send_text(int fd, std::string_view text) { ::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

/// A script that answers one request for a page, and keeps the request.
inline std::function<void(int)> http_page(std::string response, std::string* request = nullptr) {
    return [response = std::move(response), request](int listener) {
        const auto connection = accept_one(listener);
        const auto head = read_until(connection.get(), "\r\n\r\n");
        if (request != nullptr) *request = head;
        send_text(connection.get(), response);
    };
}

/// A script that answers one request after the other, each with the next page.
inline std::function<void(int)> http_pages(std::vector<std::string> responses) {
    return [responses = std::move(responses)](int listener) {
        for (const std::string& response : responses) http_page(response)(listener);
    };
}

inline std::string http_response(std::string_view status, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

}  // namespace dproxy::test
