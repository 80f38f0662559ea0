// SPDX-License-Identifier: MIT
// A client on a plain socket, which sends what it is told, byte by byte.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catch.hpp"

namespace dproxy::admin {

class HttpClient {
public:
    /// `receive_buffer` 0: the system's. `from`: its own address.
    explicit HttpClient(std::uint16_t port, int receive_buffer = 0, const char* from = "127.0.0.1")
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        REQUIRE(socket_ >= 0);
        if (receive_buffer > 0) {
            ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        const timeval patience{20, 0};  // a test that would hang fails instead
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in own{};
        own.sin_family = AF_INET;
        REQUIRE(::inet_pton(AF_INET, from, &own.sin_addr) == 1);
        REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    ~HttpClient() { ::close(socket_); }
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // the server has closed; what it answered tells the rest
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void end_sending() { ::shutdown(socket_, SHUT_WR); }

    struct Answer {
        int status = 0;  ///< 0: closed without an answer
        std::string header;
        std::string body;

        bool has(std::string_view line) const {
            return header.find("\r\n" + std::string(line) + "\r\n") != header.npos;
        }
    };
    /// One response, its body as long as Content-Length says, or without one for HEAD.
    Answer receive(bool head = false) {
        Answer answer;
        std::size_t end = 0;
        while ((end = unread_.find("\r\n\r\n")) == unread_.npos) {
            if (!read_more()) return answer;
        }
        answer.header = unread_.substr(0, end + 4);
        unread_.erase(0, end + 4);
        answer.status = std::atoi(answer.header.c_str() + answer.header.find(' '));
        if (head) return answer;
        const std::size_t length_at = answer.header.find("Content-Length: ");
        REQUIRE(length_at != answer.header.npos);
        const std::size_t length = std::strtoul(answer.header.c_str() + length_at + 16, nullptr, 10);
        while (unread_.size() < length && read_more()) {
        }
        answer.body = unread_.substr(0, length);
        unread_.erase(0, length);
        return answer;
    }
    /// The same in chunks.
    Answer receive_chunked() {
        Answer answer;
        answer.header = take_to("\r\n\r\n");
        answer.status = std::atoi(answer.header.c_str() + answer.header.find(' '));
        for (;;) {
            const std::size_t length = std::strtoul(take_to("\r\n").c_str(), nullptr, 16);
            while (unread_.size() < length + 2 && read_more()) {
            }
            answer.body += unread_.substr(0, length);
            unread_.erase(0, length + 2);
            if (length == 0 || closed_) return answer;
        }
    }
    Answer get(std::string_view target) {
        send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
        return receive();
    }
    /// Waits until the server has begun to answer, and takes nothing.
    void await_first_byte() {
        char byte = 0;
        REQUIRE(::recv(socket_, &byte, 1, MSG_PEEK) == 1);
    }
    /// All until the server closes. False when it does not.
    bool receive_to_end(std::string& all) {
        while (read_more()) {
        }
        all.swap(unread_);
        return closed_;
    }
    bool is_closed() {
        std::string rest;
        return receive_to_end(rest) && rest.empty();
    }

private:
    std::string take_to(std::string_view mark) {
        std::size_t at = 0;
        while ((at = unread_.find(mark)) == unread_.npos) {
            if (!read_more()) return {};
        }
        const std::string taken = unread_.substr(0, at + mark.size());
        unread_.erase(0, taken.size());
        return taken;
    }
    bool read_more() {
        std::array<char, 16384> block{};
        const ssize_t length = ::recv(socket_, block.data(), block.size(), 0);
        closed_ = length == 0 || (length < 0 && errno == ECONNRESET);
        if (length <= 0) return false;
        unread_.append(block.data(), static_cast<std::size_t>(length));
        return true;
    }

    int socket_;
    bool closed_ = false;
    std::string unread_;
};

}  // namespace dproxy::admin
