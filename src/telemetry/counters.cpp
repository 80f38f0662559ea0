// SPDX-License-Identifier: MIT
#include "telemetry/counters.hpp"

#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <new>
#include <type_traits>

#include "dns/message.hpp"

namespace dproxy::telemetry {
namespace {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Names in the order of the enum. One too few or too many does not compile.
template <typename Label>
class Names {
public:
    template <typename... Text>
    consteval Names(Text... names) : names_{names...} {
        static_assert(sizeof...(names) == count_of<Label>, "each value of the enum has one name");
    }
    std::string_view operator[](Label label) const {
        assert(label < Label::count_);
        return names_[static_cast<std::size_t>(label)];
    }

private:
    std::array<std::string_view, count_of<Label>> names_;
};

constexpr Names<Transport> transports{"udp", "tcp", "tls", "https", "http"};
constexpr Names<Family> families{"4", "6"};
constexpr Names<Side> sides{"client", "upstream"};
constexpr Names<Source> sources{"upstream", "local", "cache", "stale"};
constexpr Names<UpstreamTransport> upstream_transports{"udp", "tcp", "tls", "https"};
constexpr Names<AttemptReason> attempt_reasons{"first", "retry", "hedge", "probe"};
constexpr Names<TypeLabel> types{"A",     "NS",  "CNAME",  "SOA",  "PTR",   "HINFO", "MX",   "TXT", "AAAA", "SRV",
                                 "NAPTR", "DS",  "DNSKEY", "SVCB", "HTTPS", "IXFR",  "AXFR", "ANY", "CAA",  "other"};
constexpr Names<RcodeLabel> rcodes{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
                                   "REFUSED", "NOTAUTH", "NOTZONE",  "BADVERS",  "BADCOOKIE", "other"};
constexpr Names<Drop> drops{"short_message", "response",    "source_port_zero", "mapped_source", "proxy_header",
                            "cut_by_kernel", "route_answer", "rate_limited",    "send_failed",   "client_gone",
                            "reply_unexpected", "reply_mismatch", "reply_malformed"};
constexpr Names<Rejection> rejections{
    "format_error", "not_implemented", "no_route", "route_answer", "not_allowed", "route_not_allowed",
    "master_not_allowed", "rate_limited", "inflight_limit", "route_inflight_limit", "buffered_limit",
    "stream_limit", "transfer_limit", "no_upstream",
    "not_ready", "loop", "tcp_connections", "tcp_connections_per_client", "tcp_queries", "tcp_idle", "tcp_inflight",
    "tcp_framing", "tcp_buffered", "tls_handshakes", "tls_handshakes_per_client", "tls_records",
    "http_malformed", "http_fields", "http_pipelined", "http_streams", "http_resets", "http_settings", "http_pings",
    "http_priorities", "http_window_updates", "http_empty_frames", "http_continuations", "http_unknown_frames",
    "http_acknowledgements",
    "mapped_source", "proxy_header", "proxy_header_wait"};
constexpr Names<HttpCode> http_codes{"200", "204", "400", "404", "405", "413", "414", "415", "431", "501", "503"};
constexpr Names<Handshake> handshakes{"ok", "timeout", "closed", "gave_way", "peer_certificate", "no_certificate",
                                      "agreement", "malformed", "alert", "flood"};
constexpr Names<Failure> failures{"timeout", "refused",  "unreachable", "closed", "mismatch", "malformed",
                                  "guessed", "overload", "tls",         "http",   "other"};

/// Zeroed memory that the kernel hands out page by page at the first touch, on pages of its own so that
/// no two workers share a cache line. A zero byte pattern is a Counter of value 0.
template <typename T>
T* map_zeroed(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    void* memory = ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(memory);
}

}  // namespace

std::string_view name_of(Transport label) { return transports[label]; }
std::string_view name_of(Family label) { return families[label]; }
std::string_view name_of(Side label) { return sides[label]; }
std::string_view name_of(Source label) { return sources[label]; }
std::string_view name_of(UpstreamTransport label) { return upstream_transports[label]; }
std::string_view name_of(AttemptReason label) { return attempt_reasons[label]; }
std::string_view name_of(TypeLabel label) { return types[label]; }
std::string_view name_of(RcodeLabel label) { return rcodes[label]; }
std::string_view name_of(Drop label) { return drops[label]; }
std::string_view name_of(Rejection label) { return rejections[label]; }
std::string_view name_of(HttpCode label) { return http_codes[label]; }
std::string_view name_of(Handshake label) { return handshakes[label]; }
std::string_view name_of(Failure label) { return failures[label]; }

TypeLabel type_label(std::uint16_t type) noexcept {
    switch (type) {
        case dns::type::a: return TypeLabel::a;
        case dns::type::ns: return TypeLabel::ns;
        case dns::type::cname: return TypeLabel::cname;
        case dns::type::soa: return TypeLabel::soa;
        case dns::type::ptr: return TypeLabel::ptr;
        case dns::type::hinfo: return TypeLabel::hinfo;
        case dns::type::mx: return TypeLabel::mx;
        case dns::type::txt: return TypeLabel::txt;
        case dns::type::aaaa: return TypeLabel::aaaa;
        case dns::type::srv: return TypeLabel::srv;
        case dns::type::naptr: return TypeLabel::naptr;
        case dns::type::ds: return TypeLabel::ds;
        case dns::type::dnskey: return TypeLabel::dnskey;
        case dns::type::svcb: return TypeLabel::svcb;
        case dns::type::https: return TypeLabel::https;
        case dns::type::ixfr: return TypeLabel::ixfr;
        case dns::type::axfr: return TypeLabel::axfr;
        case dns::type::any: return TypeLabel::any;
        case dns::type::caa: return TypeLabel::caa;
        default: return TypeLabel::other;
    }
}

void DurationHistogram::observe(std::uint64_t nanoseconds) noexcept {
    // Bounds are inclusive (`le`), so the first bucket ends at first_bound_ns itself.
    const std::uint64_t beyond = nanoseconds == 0 ? 0 : (nanoseconds - 1) / first_bound_ns;
    const auto index = static_cast<std::size_t>(std::bit_width(beyond));
    buckets_[index < bucket_count ? index : bucket_count - 1].add();
    sum_ns_.add(nanoseconds);
}

void DurationHistogram::clear() noexcept {
    for (Counter& bucket : buckets_) bucket.set(0);
    sum_ns_.set(0);
}

void RouteCounters::clear() noexcept {
    requests.set(0);
    responses.clear();
    cache.clear();
    duration.clear();
}

void UpstreamCounters::clear() noexcept {
    for (CounterBy<AttemptReason>& by_reason : requests) by_reason.clear();
    responses.clear();
    failures.clear();
    duration.clear();
    inflight.set(0);
    usual_reply_ns.set(0);
}

void WorkerCounters::Unmap::operator()(void* counters) const noexcept { ::munmap(counters, bytes); }

WorkerCounters::WorkerCounters(std::size_t route_slots, std::size_t upstream_slots)
    : route_slots_(route_slots),
      upstream_slots_(upstream_slots),
      routes_(map_zeroed<RouteCounters>(route_slots), {route_slots * sizeof(RouteCounters)}),
      upstreams_(map_zeroed<UpstreamCounters>(upstream_slots), {upstream_slots * sizeof(UpstreamCounters)}) {
    assert(route_slots >= first_route_slot && upstream_slots >= first_upstream_slot);
}

}  // namespace dproxy::telemetry
