// SPDX-License-Identifier: MIT
#include "admin/http_server.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <thread>
#include <utility>

#include "admin/http_connection.hpp"

namespace dproxy::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int listen_backlog = 128;
/// After a failed accept (no descriptor left), before the next: the loop must not spin.
constexpr std::chrono::milliseconds accept_pause{100};

tcp::endpoint to_asio(const net::Endpoint& endpoint) {
    const auto& bytes = endpoint.address.bytes;
    if (endpoint.address.is_v4()) {
        return {asio::ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}), endpoint.port};
    }
    asio::ip::address_v6::bytes_type all;
    std::copy(bytes.begin(), bytes.end(), all.begin());
    return {asio::ip::address_v6(all), endpoint.port};
}

net::Endpoint from_asio(const tcp::endpoint& endpoint) {
    if (endpoint.address().is_v4()) {
        const auto bytes = endpoint.address().to_v4().to_bytes();
        return {net::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]), endpoint.port()};
    }
    net::Endpoint result{{}, endpoint.port()};
    const auto bytes = endpoint.address().to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.end(), result.address.bytes.begin());
    return result;
}

/// The kernel has no IPv6, or it is switched off by sysctl.
bool ipv6_is_missing(const tcp::endpoint& endpoint, const ErrorCode& error) {
    return endpoint.address().is_v6() && (error == asio::error::address_family_not_supported ||
                                          error == boost::system::errc::address_not_available);
}

ErrorCode listen_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    ErrorCode error;
    const bool ipv6 = endpoint.address().is_v6();
    acceptor.open(endpoint.protocol(), error);
    if (!error && ipv6) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(listen_backlog, error);
    return error;
}

}  // namespace

struct HttpServer::State {
    struct Listener {
        explicit Listener(asio::io_context& io) : acceptor(io), pause(io) {}
        tcp::acceptor acceptor;
        asio::steady_timer pause;
    };

    std::optional<Fault> bind(const std::vector<net::Endpoint>& wanted);
    void accept(Listener& listener);
    void admit(tcp::socket socket);
    void run();

    HttpContext context;  // outlives the connections, which io's handlers hold
    std::optional<asio::io_context> io{std::in_place, 1};
    std::vector<std::unique_ptr<Listener>> listeners;
    std::vector<net::Endpoint> bound;
    std::thread thread;
};

std::optional<HttpServer::Fault> HttpServer::State::bind(const std::vector<net::Endpoint>& wanted) {
    std::optional<Fault> missing;
    for (net::Endpoint endpoint : wanted) {
        if (endpoint.port == 0 && !bound.empty()) endpoint.port = bound.front().port;
        auto listener = std::make_unique<Listener>(*io);
        const ErrorCode error = listen_on(listener->acceptor, to_asio(endpoint));
        if (!error) {
            bound.push_back(from_asio(listener->acceptor.local_endpoint()));
            listeners.push_back(std::move(listener));
            continue;
        }
        missing = Fault{endpoint.to_string(), error};
        if (!ipv6_is_missing(to_asio(endpoint), error)) {
            listeners.clear();
            bound.clear();
            return missing;
        }
    }
    return bound.empty() ? missing : std::nullopt;
}

void HttpServer::State::accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](const ErrorCode& error, tcp::socket socket) {
        if (!error) {
            admit(std::move(socket));
            return accept(listener);
        }
        listener.pause.expires_after(accept_pause);
        listener.pause.async_wait([this, &listener](const ErrorCode&) { accept(listener); });
    });
}

void HttpServer::State::admit(tcp::socket socket) {
    ErrorCode error;
    const tcp::endpoint remote = socket.remote_endpoint(error);
    if (error) return;  // already gone
    const net::Address client = from_asio(remote).address;
    const auto held = context.connections_of.find(client);
    if (context.connections >= context.limits.connections) return;
    if (held != context.connections_of.end() && held->second >= context.limits.connections_per_client) return;
    socket.set_option(tcp::no_delay(true), error);
    std::make_shared<HttpConnection>(context, std::move(socket), client)->start();
}

/// Signals are for the threads that the program chose for them, so the new thread has them all blocked.
void HttpServer::State::run() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread = std::thread([this] { io->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(thread.native_handle(), "dproxy-admin");
}

HttpServer::HttpServer(std::vector<Page> pages, HttpLimits limits) : state_(std::make_unique<State>()) {
    state_->context.pages = std::move(pages);
    state_->context.limits = limits;
}

HttpServer::~HttpServer() { stop(); }

std::optional<HttpServer::Fault> HttpServer::start(const std::vector<net::Endpoint>& endpoints) {
    assert(!endpoints.empty() && !state_->thread.joinable());
    if (auto fault = state_->bind(endpoints)) return fault;
    for (const auto& listener : state_->listeners) state_->accept(*listener);
    state_->run();
    return std::nullopt;
}

const std::vector<net::Endpoint>& HttpServer::endpoints() const { return state_->bound; }

void HttpServer::stop() {
    if (!state_->thread.joinable()) return;
    state_->io->stop();
    state_->thread.join();
    state_->listeners.clear();
    state_->io.reset();  // and with it the connections, which its handlers hold
}

std::vector<net::Endpoint> every_address(std::uint16_t port) {
    return {net::Endpoint{net::Address{}, port}, net::Endpoint{net::Address::v4(0, 0, 0, 0), port}};
}

}  // namespace dproxy::admin
