// SPDX-License-Identifier: MIT
#include "cli/http_request.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace dproxy::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::uint16_t http_port = 80;
constexpr std::string_view scheme = "http://";

asio::ip::tcp::endpoint tcp_endpoint(const net::Endpoint& endpoint) {
    boost::system::error_code error;  // never set: what is written by to_string() can be read; a zone is looked up
    return {asio::ip::make_address(endpoint.address.to_string(), error), endpoint.port};
}

/// One request in three steps, each begun by the end of the one before.
class Exchange {
public:
    Exchange(HttpMethod method, const Url& url, const net::Endpoint& peer, std::chrono::nanoseconds timeout)
        : peer_(peer), stream_(context_) {
        request_.method(method == HttpMethod::post ? http::verb::post : http::verb::get);
        request_.target(url.target);
        request_.version(11);
        request_.set(http::field::host, url.host);
        request_.set(http::field::user_agent, "dproxy");
        request_.keep_alive(false);
        response_.body_limit(max_http_body);
        stream_.expires_after(timeout);
    }

    HttpAnswer run() {
        stream_.async_connect(tcp_endpoint(peer_), [this](beast::error_code error) { write(error); });
        context_.run();
        return std::move(answer_);
    }

private:
    bool failed(beast::error_code error, std::string_view step) {
        if (!error) {
            return false;
        }
        answer_.error = std::string(step) + ": ";
        answer_.error += error == beast::error::timeout ? "no answer in time" : error.message();
        return true;
    }

    void write(beast::error_code connect_error) {
        answer_.connected = !connect_error;
        if (!failed(connect_error, "connecting")) {
            http::async_write(stream_, request_, [this](beast::error_code error, std::size_t) { read(error); });
        }
    }

    void read(beast::error_code write_error) {
        if (!failed(write_error, "asking")) {
            http::async_read(stream_, buffer_, response_, [this](beast::error_code error, std::size_t) { end(error); });
        }
    }

    void end(beast::error_code read_error) {
        if (!failed(read_error, "reading the answer")) {
            answer_.status = response_.get().result_int();
            answer_.body = std::move(response_.get().body());
        }
    }

    net::Endpoint peer_;
    asio::io_context context_{1};
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    http::request<http::empty_body> request_;
    http::response_parser<http::string_body> response_;
    HttpAnswer answer_;
};

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
    if (text.starts_with(scheme)) {
        text.remove_prefix(scheme.size());
    }
    const auto path = text.find_first_of("/?");
    Url url;
    url.host = text.substr(0, path);
    url.target = path == std::string_view::npos ? "/" : text.substr(path);
    if (url.target.front() == '?') {
        url.target.insert(0, "/");
    }
    if (url.target.find_first_of(" \t\r\n") != std::string::npos) {
        return std::nullopt;
    }
    constexpr std::string_view localhost = "localhost";
    const bool is_local = url.host == localhost || url.host.starts_with(std::string(localhost) + ":");
    // Not every host has both, and not everything listens on both.
    for (const std::string_view address : {"127.0.0.1", "[::1]"}) {
        std::string written = url.host;
        if (is_local) {
            written.replace(0, localhost.size(), address);
        }
        const auto endpoint = net::Endpoint::parse(written, http_port);
        if (!endpoint || endpoint->port == 0) {
            return std::nullopt;
        }
        url.endpoints.push_back(*endpoint);
        if (!is_local) {
            break;
        }
    }
    return url;
}

std::string Url::to_string() const { return std::string(scheme) + host + target; }

HttpAnswer http_request(HttpMethod method, const Url& url, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    HttpAnswer answer;
    for (const net::Endpoint& endpoint : url.endpoints) {
        answer = Exchange(method, url, endpoint, end - std::chrono::steady_clock::now()).run();
        if (answer.connected) {
            break;
        }
    }
    return answer;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        if (unreserved.find(c) != std::string_view::npos) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += hex[byte >> 4];
        encoded += hex[byte & 15];
    }
    return encoded;
}

}  // namespace dproxy::cli
