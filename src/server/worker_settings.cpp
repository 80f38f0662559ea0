// SPDX-License-Identifier: MIT
#include "server/worker_settings.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cache/answer_memory.hpp"
#include "dnstap/limits.hpp"
#include "ini/typed_values.hpp"
#include "io/monotonic.hpp"
#include "io/random_ids.hpp"
#include "net/sip_hash.hpp"
#include "query_log/rings.hpp"
#include "server/memory_limit.hpp"
#include "trace/limits.hpp"

namespace dproxy::server {

namespace {

/// The key of a SipHash, as dns::CookieSecret and routing::LoopToken take it.
std::array<std::uint8_t, net::SipHash::key_bytes> draw_secret() {
    io::RandomIds random;
    std::array<std::uint8_t, net::SipHash::key_bytes> secret;
    for (std::uint8_t& byte : secret) byte = static_cast<std::uint8_t>(random.next());
    return secret;
}

dns::CookieSecrets cookie_secrets(const config::Settings& settings) {
    if (!settings.cookie_secrets.empty()) return dns::CookieSecrets(settings.cookie_secrets);
    const dns::CookieSecret secret = draw_secret();
    return dns::CookieSecrets({&secret, 1});
}

dns::DesignatedResolvers designated_resolvers(const config::TlsSettings& tls, const std::string& https_path) {
    if (!tls.told_name) return {};
    std::vector<dns::DesignatedResolver> ways;
    const auto add = [&](const char* alpn, const std::vector<net::Endpoint>& listen, std::uint16_t told,
                         std::uint16_t usual, std::string path_template) {
        if (listen.empty()) return;
        const std::uint16_t port = told != 0 ? told : listen.front().port;
        ways.push_back({alpn, port == usual ? std::uint16_t{0} : port, std::move(path_template)});
    };
    add("dot", tls.listen, tls.told_dot_port, config::tls_port, {});
    add("h2", tls.listen_https, tls.told_https_port, config::https_port, https_path + "{?dns}");
    return {*tls.told_name, ways};
}

}  // namespace

proxy::WorkerOptions worker_options(const config::Settings& settings, unsigned workers) {
    proxy::WorkerOptions options;
    options.allow_all = settings.allow_all;
    options.allow = settings.allow;
    options.proxy_from = settings.proxy_from;
    options.no_route_answer = settings.no_route_answer;
    options.designated = designated_resolvers(settings.tls, settings.http.path);
    options.workers = workers;
    options.rate_limit = settings.rate_limit == 0 ? 0 : proxy::share_of(settings.rate_limit, workers);
    options.max_inflight = proxy::share_of(settings.max_inflight, workers);
    options.tcp_queries = settings.tcp_queries;
    options.tcp_inflight = settings.tcp_inflight;
    const std::uint64_t max_buffered =
        settings.max_buffered > 0 ? settings.max_buffered : default_max_buffered(cgroup_memory_limit());
    options.max_buffered = static_cast<std::size_t>((max_buffered + workers - 1) / workers);
    options.http = {settings.http.path, settings.http.trusted_proxies};
    const std::uint64_t cache_size =
        settings.cache_size > 0 ? settings.cache_size : default_max_buffered(cgroup_memory_limit());
    const std::uint64_t least = std::uint64_t{workers} * cache::AnswerMemory::least_bytes;
    options.answers = std::make_shared<cache::AnswerMemory>(std::max(cache_size, least), workers);
    options.query_log = std::make_shared<query_log::Rings>(workers);
    options.trace = std::make_shared<query_log::Rings>(workers, trace::step_ring_bytes);
    options.log_one_in = settings.query_log;
    if (settings.dnstap) options.dnstap = std::make_shared<query_log::Rings>(workers, dnstap::tap_ring_bytes);
    options.cookie_secrets = cookie_secrets(settings);
    options.loop_token = routing::LoopToken(draw_secret());
    options.tcp_idle_ns = io::nanoseconds_of(settings.tcp_idle);
    return options;
}

std::shared_ptr<const routing::RouteSettings> master_settings(const config::Settings& settings) {
    if (!settings.use_master_upstream) return nullptr;
    auto master = std::make_shared<routing::RouteSettings>();
    master->targets = settings.master_upstream;
    master->allow_all = false;
    master->allow = settings.master_allow;
    return master;
}

}  // namespace dproxy::server
