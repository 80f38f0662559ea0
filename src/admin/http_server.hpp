// SPDX-License-Identifier: MIT
// The HTTP side: a small server for GET and HEAD, and for orders by POST. Clients are not trusted: each thing that one
// can make it hold or wait for has a limit. One thread does nothing but take and answer connections, so that probes
// never wait for a page; pages are made on another.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "admin/query_string.hpp"
#include "net/address.hpp"
#include "telemetry/handler_failures.hpp"
#include "telemetry/http_rejections.hpp"

namespace dproxy::admin {

struct Request {
    std::string path;       ///< of the target, without the query; percent-decoding is not done
    Parameters parameters;  ///< of the query, decoded
};

/// Appends the next piece of a body. False: that was the last one; nothing appended and true: it cannot go on, and the
/// client is to see that something is missing.
using NextPiece = std::function<bool(std::string& piece)>;

struct Response {
    unsigned status = 200;
    std::string content_type;
    std::string body;
    NextPiece rest{};  ///< of a body that is not made at once; then `body` is its first piece
};

/// Called on the thread that makes pages, one at a time; NextPiece too.
using Handler = std::function<Response(const Request&)>;

enum class PageKind : std::uint8_t {
    page,
    metrics,  ///< by whatever name it is asked for: scrapers have names of their own for what they scrape
    probe,    ///< the same; answered at once, on the thread of the connections: the handler must not take long
    order,    ///< by POST only, and only of programs on this machine: something is done
};

struct Page {
    std::string path;  ///< matched to the byte
    Handler handler;
    PageKind kind = PageKind::page;
};

struct HttpLimits {
    /// When all are taken, or all that one client (an address; of IPv6 a /64) may have, a new one takes the place of
    /// the longest idle: of that client's, or of those of the client that has most.
    std::size_t connections = 256;
    std::size_t connections_per_client = 64;
    std::size_t header_bytes = 8192;  ///< request line and header; more is answered 431
    /// Of responses that are being sent, together; beyond it requests other than probes are answered 503. One response
    /// alone may be of any size.
    std::size_t response_bytes = 16 * 1024 * 1024;
    std::chrono::milliseconds idle{90'000};     ///< until the first byte of a request
    std::chrono::milliseconds request{5'000};   ///< from its first byte to the end of its header
    std::chrono::milliseconds response{30'000};  ///< until the client has taken all of it, or of a piece
    std::chrono::milliseconds pieces{300'000};   ///< until it has taken all pieces
};

class HttpServer {
public:
    /// A request for a path that is not among the pages is answered 404, with a list of them. `hosts`: names by which
    /// pages may be asked besides those that are always its own (admin/host_name.hpp), in lower case. `failures`, which
    /// outlives the server, takes what handlers throw; without it that ends the program. `rejections`, which outlives
    /// it too, counts each limit that is reached.
    explicit HttpServer(std::vector<Page> pages, HttpLimits limits = {}, std::vector<std::string> hosts = {},
                        telemetry::HandlerFailures* failures = nullptr,
                        telemetry::HttpRejections* rejections = nullptr);
    ~HttpServer();  ///< stops
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    struct Fault {
        std::string address;  ///< that cannot be bound
        std::error_code error;
    };
    /// Binds and listens, then begins to serve. A fault leaves nothing bound. Of several endpoints, those
    /// of an address family that the kernel lacks are left out as long as one remains. Port 0 takes a
    /// free port; further endpoints with port 0 take the first one's. Once in the server's life.
    std::optional<Fault> start(const std::vector<net::Endpoint>& endpoints);

    /// What is bound, with real ports.
    const std::vector<net::Endpoint>& endpoints() const;

    /// Cuts every connection and joins the threads. May be called again.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// `[::]:port` (IPv6 only) and `0.0.0.0:port`: what the setting `admin` means where it is not given.
std::vector<net::Endpoint> every_address(std::uint16_t port);

}  // namespace dproxy::admin
