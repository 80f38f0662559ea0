// SPDX-License-Identifier: MIT
// The HTTP side: a small server for GET and HEAD on a thread of its own. Clients are not trusted: each
// thing that one can make it hold or wait for has a limit.
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

namespace dproxy::admin {

struct Request {
    std::string path;       ///< of the target, without the query; percent-decoding is not done
    Parameters parameters;  ///< of the query, decoded
};

struct Response {
    unsigned status = 200;
    std::string content_type;
    std::string body;
};

/// Called on the admin thread, one at a time.
using Handler = std::function<Response(const Request&)>;

struct Page {
    std::string path;  ///< matched to the byte
    Handler handler;
};

struct HttpLimits {
    std::size_t connections = 256;  ///< those beyond it are closed at once
    std::size_t connections_per_client = 64;
    std::size_t header_bytes = 8192;  ///< request line and header; more is answered 431
    /// Of responses that are being sent, together; beyond it requests are answered 503. One response
    /// alone may be of any size.
    std::size_t response_bytes = 64 * 1024 * 1024;
    std::chrono::milliseconds idle{90'000};     ///< until the first byte of a request
    std::chrono::milliseconds request{10'000};  ///< from its first byte to the end of its header
    std::chrono::milliseconds response{30'000};  ///< until the client has taken all of it
};

class HttpServer {
public:
    /// A request for a path that is not among the pages is answered 404, with a list of them.
    explicit HttpServer(std::vector<Page> pages, HttpLimits limits = {});
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

    /// Cuts every connection and joins the thread. May be called again.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// `[::]:port` (IPv6 only) and `0.0.0.0:port`: what the setting `admin` means where it is not given.
std::vector<net::Endpoint> every_address(std::uint16_t port);

}  // namespace dproxy::admin
