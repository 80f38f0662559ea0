// SPDX-License-Identifier: MIT
#include "admin/http_server.hpp"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cassert>
#include <thread>
#include <utility>

#include "admin/http_connection.hpp"
#include "admin/http_context.hpp"
#include "io/tcp_listener.hpp"

namespace dproxy::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int listen_backlog = 128;

/// The kernel has no IPv6, or it is switched off by sysctl.
bool ipv6_is_missing(const net::Endpoint& endpoint, const std::error_code& error) {
    return !endpoint.address.is_v4() &&
           (error == std::errc::address_family_not_supported || error == std::errc::address_not_available);
}

}  // namespace

struct HttpServer::State {
    std::optional<Fault> bind(const std::vector<net::Endpoint>& wanted);
    void admit(io::Fd connection, const io::SocketAddress& peer);
    void run();

    HttpContext context;  // outlives the connections, which the handlers of both hold
    std::optional<asio::io_context> connections_io{std::in_place, 1};
    std::optional<asio::io_context> pages_io{std::in_place, 1};
    std::vector<std::unique_ptr<io::TcpListener>> listeners;
    std::vector<net::Endpoint> bound;
    telemetry::HandlerFailures* failures = nullptr;
    std::thread thread;
    std::thread pages_thread;
};

std::optional<HttpServer::Fault> HttpServer::State::bind(const std::vector<net::Endpoint>& wanted) {
    std::optional<Fault> missing;
    for (net::Endpoint endpoint : wanted) {
        if (endpoint.port == 0 && !bound.empty()) endpoint.port = bound.front().port;
        std::error_code error;
        io::Fd socket = io::listen_tcp(endpoint, io::PortSharing::exclusive, error, listen_backlog);
        if (!error) {
            endpoint.port = io::local_port(socket.get());
            bound.push_back(endpoint);
            // A probe that is answered late is better than one that is closed.
            listeners.push_back(std::make_unique<io::TcpListener>(
                *connections_io, std::move(socket),
                [this](io::Fd connection, const io::SocketAddress& peer) { admit(std::move(connection), peer); },
                io::NoDescriptor::wait));
            continue;
        }
        missing = Fault{endpoint.to_string(), error};
        if (!ipv6_is_missing(endpoint, error)) {
            listeners.clear();
            bound.clear();
            return missing;
        }
    }
    return bound.empty() ? missing : std::nullopt;
}

void HttpServer::State::admit(io::Fd connection, const io::SocketAddress& peer) {
    context.make_room_for(client_of(peer.address()));
    tcp::socket socket(*connections_io);
    ErrorCode error;
    socket.assign(peer.is_v4() ? tcp::v4() : tcp::v6(), connection.get(), error);
    if (error) return;
    connection.release();
    std::make_shared<HttpConnection>(context, std::move(socket), peer.address())->start();
}

/// Signals are for the threads that the program chose for them, so the new threads have them all blocked.
void HttpServer::State::run() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const auto run_guarded = [this](asio::io_context& loop, const char* name) {
        if (failures) return failures->run(loop, name);
        loop.run();
    };
    thread = std::thread([this, run_guarded] { run_guarded(*connections_io, "admin"); });
    pages_thread = std::thread([this, run_guarded] {
        const auto work = asio::make_work_guard(*pages_io);
        run_guarded(*pages_io, "pages");
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(thread.native_handle(), "dproxy-admin");
    ::pthread_setname_np(pages_thread.native_handle(), "dproxy-pages");
}

HttpServer::HttpServer(std::vector<Page> pages, HttpLimits limits, std::vector<std::string> hosts,
                       telemetry::HandlerFailures* failures, telemetry::HttpRejections* rejections)
    : state_(std::make_unique<State>()) {
    state_->failures = failures;
    state_->context.pages = std::move(pages);
    state_->context.limits = limits;
    state_->context.rejections = rejections;
    state_->context.hosts = std::move(hosts);
    state_->context.connections_thread = &*state_->connections_io;
    state_->context.pages_thread = &*state_->pages_io;
}

HttpServer::~HttpServer() { stop(); }

std::optional<HttpServer::Fault> HttpServer::start(const std::vector<net::Endpoint>& endpoints) {
    assert(!endpoints.empty() && !state_->thread.joinable());
    if (auto fault = state_->bind(endpoints)) return fault;
    state_->run();
    return std::nullopt;
}

const std::vector<net::Endpoint>& HttpServer::endpoints() const { return state_->bound; }

void HttpServer::stop() {
    if (!state_->thread.joinable()) return;
    state_->connections_io->stop();
    state_->pages_io->stop();
    state_->thread.join();
    state_->pages_thread.join();
    state_->listeners.clear();
    // And with them the connections, which their handlers hold; those of pages need the other one still.
    state_->pages_io.reset();
    state_->connections_io.reset();
}

std::vector<net::Endpoint> every_address(std::uint16_t port) {
    return {net::Endpoint{net::Address{}, port}, net::Endpoint{net::Address::v4(0, 0, 0, 0), port}};
}

}  // namespace dproxy::admin
