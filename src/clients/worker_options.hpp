// SPDX-License-Identifier: MIT
// What one worker needs of the settings: limits already divided by the number of workers.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "clients/limits.hpp"
#include "dns/designated_resolvers.hpp"
#include "dns/server_cookie.hpp"
#include "http/dns_request.hpp"
#include "net/address.hpp"
#include "net/network_list.hpp"
#include "routing/loop_token.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::cache {
class AnswerMemory;
}
namespace dproxy::query_log {
class Rings;
}

namespace dproxy::proxy {

struct WorkerOptions {
    bool allow_all = true;
    net::NetworkList allow;
    net::NetworkList proxy_from;         ///< who begins with a PROXY header, and tells for whom it speaks
    routing::LocalAnswer no_route_answer = routing::LocalAnswer::refused;
    dns::DesignatedResolvers designated;  ///< how clients may ask encrypted; none: nobody is told
    std::uint32_t rate_limit = 0;        ///< queries a second for each client network; 0: off
    std::uint32_t max_inflight = 100000;
    std::size_t max_buffered = 64 * 1024 * 1024;  ///< bytes
    unsigned workers = 1;                ///< a route's max_inflight is divided by it
    std::uint32_t tcp_queries = 10000;
    std::uint32_t tcp_inflight = 100;
    std::uint32_t max_transfers = 256;   ///< at one time
    int first_reserved_descriptor = std::numeric_limits<int>::max();  ///< see StreamCarrier, StreamClients
    std::uint64_t tcp_idle_ns = 10'000'000'000;
    http::Place http;                    ///< of clients over HTTP
    dns::CookieSecrets cookie_secrets;
    routing::LoopToken loop_token{{}};   ///< of this process
    std::shared_ptr<cache::AnswerMemory> answers;  ///< of all workers; null: nothing is ever kept
    std::shared_ptr<query_log::Rings> query_log;   ///< of all workers; null: nothing is ever logged
    std::uint32_t log_one_in = 0;                  ///< queries, where a route does not say; 0: none
    std::shared_ptr<query_log::Rings> trace;       ///< of all workers; null: nothing is ever traced
    std::shared_ptr<query_log::Rings> dnstap;      ///< of all workers; null: it is off
};

/// A limit of the whole process, as one of `workers` keeps it.
inline std::uint32_t share_of(std::uint32_t limit, unsigned workers) { return (limit + workers - 1) / workers; }

}  // namespace dproxy::proxy
