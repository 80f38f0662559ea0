// SPDX-License-Identifier: MIT
// What the data path counts. Each worker owns one WorkerCounters and is its only writer; the admin
// thread reads at scrape time. So an add is a plain load and store (relaxed), never a locked
// instruction, and a scrape never stops a worker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace dproxy::telemetry {

/// A number with one writer and any readers.
class Counter {
public:
    void add(std::uint64_t amount = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t amount = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
    }
    void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

// Label values. Each enum ends in `count_`; the names in counters.cpp stand in the same order.
enum class Transport : std::uint8_t { udp, tcp, tls, https, http, count_ };
enum class Family : std::uint8_t { v4, v6, count_ };
enum class Side : std::uint8_t { client, upstream, count_ };
enum class Source : std::uint8_t { upstream, local, cache, stale, count_ };
enum class UpstreamTransport : std::uint8_t { udp, tcp, tls, https, count_ };
enum class AttemptReason : std::uint8_t { first, retry, hedge, probe, count_ };
/// Query types with a label of their own; all others are `other`.
enum class TypeLabel : std::uint8_t {
    a, ns, cname, soa, ptr, hinfo, mx, txt, aaaa, srv, naptr, ds, dnskey, svcb, https, ixfr, axfr, any, caa,
    other, count_,
};
enum class RcodeLabel : std::uint8_t {
    noerror, formerr, servfail, nxdomain, notimp, refused, notauth, notzone, badvers, badcookie, other, count_,
};
/// dproxy_dropped_total{reason}: messages that were thrown away without an answer or not relayed.
enum class Drop : std::uint8_t {
    short_message,     ///< under 12 bytes
    response,          ///< QR set in a client's message
    source_port_zero,
    mapped_source,     ///< an IPv6 packet that claims an IPv4 source
    proxy_header,      ///< from `proxy_from`, without a good PROXY header
    cut_by_kernel,     ///< larger than the buffer (MSG_TRUNC)
    route_answer,      ///< `answer = drop`, `norouteanswer = drop`
    rate_limited,
    send_failed,       ///< the kernel would not take the answer
    client_gone,       ///< the TCP client closed before its answer
    reply_unexpected,  ///< from an upstream: no such ID in flight
    reply_mismatch,    ///< from an upstream: ID known, but question, opcode or QR are not the query's
    reply_malformed,   ///< from an upstream: too short to be a message
    count_,
};
/// dproxy_client_rejected_total{reason}: queries answered with an error of dproxy's own, connections refused.
enum class Rejection : std::uint8_t {
    format_error, not_implemented, no_route, route_answer, not_allowed, route_not_allowed, master_not_allowed,
    rate_limited, inflight_limit, route_inflight_limit, buffered_limit, stream_limit, transfer_limit,
    no_upstream, not_ready, loop,
    tcp_connections, tcp_connections_per_client, tcp_queries, tcp_idle, tcp_inflight, tcp_framing, tcp_buffered,
    tls_handshakes, tls_handshakes_per_client, tls_records,
    http_malformed, http_fields, http_pipelined, http_streams, http_resets, http_settings, http_pings, http_priorities,
    http_window_updates, http_empty_frames, http_continuations, http_unknown_frames, http_acknowledgements,
    mapped_source, proxy_header, proxy_header_wait,
    count_,
};
/// dproxy_http_responses_total{code}: the status codes that clients over HTTP are given.
enum class HttpCode : std::uint8_t {
    ok, no_content, bad_request, not_found, method_not_allowed, content_too_large, target_too_long,
    unsupported_media_type, fields_too_large, not_implemented, unavailable, count_,
};
/// dproxy_cache_*_total{route} and dproxy_merged_total{route}: a series of its own for each.
enum class CacheEvent : std::uint8_t {
    hit,       ///< answered from what was kept, while its TTL lasted
    miss,      ///< an upstream was asked, as nothing was kept
    stale,     ///< answered from what was kept beyond its TTL
    prefetch,  ///< asked again in advance
    merged,    ///< waited for the reply to the same question of another
    eviction,  ///< what was kept went for want of room, before its time was over
    count_,
};
/// dproxy_tls_handshakes_total{side,result}: how each that began has ended.
enum class Handshake : std::uint8_t {
    ok,
    timeout,           ///< it took too long
    closed,            ///< the peer closed the connection
    gave_way,          ///< for another, at the limit of those under way
    peer_certificate,  ///< the peer showed none, or one that is not good here
    no_certificate,    ///< there is none to show
    agreement,         ///< no version, cipher or protocol that both take
    malformed,
    alert,             ///< the peer said why it ended it
    flood,             ///< too many messages that are no data
    count_,
};
/// dproxy_upstream_failures_total{upstream,reason}.
enum class Failure : std::uint8_t {
    timeout,      ///< the attempt ran out of time
    refused,      ///< ICMP port unreachable, RST
    unreachable,  ///< no route to host, network down
    closed,       ///< the connection was closed with the query unanswered
    mismatch,     ///< a reply to another question
    malformed,
    guessed,      ///< forged replies came to its port: asked again over TCP
    overload,     ///< no free ID, socket or connection within the limits
    tls,
    http,         ///< over HTTP it answered with something that is no DNS message, or broke the rules
    other,
    count_,
};

std::string_view name_of(Transport);
std::string_view name_of(Family);
std::string_view name_of(Side);
std::string_view name_of(Source);
std::string_view name_of(UpstreamTransport);
std::string_view name_of(AttemptReason);
std::string_view name_of(TypeLabel);
std::string_view name_of(RcodeLabel);
std::string_view name_of(Drop);
std::string_view name_of(Rejection);
std::string_view name_of(HttpCode);
std::string_view name_of(Handshake);
std::string_view name_of(Failure);

TypeLabel type_label(std::uint16_t type) noexcept;
/// `rcode` with its upper bits, those of the OPT.
inline RcodeLabel rcode_label(std::uint16_t rcode) noexcept {
    constexpr std::uint16_t badvers = 16, badcookie = 23;
    if (rcode == badvers) return RcodeLabel::badvers;
    if (rcode > 0x0f) return rcode == badcookie ? RcodeLabel::badcookie : RcodeLabel::other;
    constexpr std::array<RcodeLabel, 16> labels{
        RcodeLabel::noerror, RcodeLabel::formerr, RcodeLabel::servfail, RcodeLabel::nxdomain,
        RcodeLabel::notimp,  RcodeLabel::refused, RcodeLabel::other,    RcodeLabel::other,
        RcodeLabel::other,   RcodeLabel::notauth, RcodeLabel::notzone,  RcodeLabel::other,
        RcodeLabel::other,   RcodeLabel::other,   RcodeLabel::other,    RcodeLabel::other};
    return labels[rcode & 0x0f];
}

template <typename Label>
inline constexpr std::size_t count_of = static_cast<std::size_t>(Label::count_);

/// One counter for each value of a label.
template <typename Label>
class CounterBy {
public:
    Counter& operator[](Label label) noexcept { return counters_[static_cast<std::size_t>(label)]; }
    const Counter& operator[](Label label) const noexcept { return counters_[static_cast<std::size_t>(label)]; }
    /// By the owner only.
    void clear() noexcept {
        for (Counter& counter : counters_) counter.set(0);
    }

private:
    std::array<Counter, count_of<Label>> counters_{};
};

/// Durations in buckets of 250 us x 2^n, up to 8.192 s, and above. Seconds in the exported series.
class DurationHistogram {
public:
    static constexpr std::size_t bucket_count = 20;  ///< 19 with a bound, each twice the one before, one for +Inf
    /// What memory answers takes less, what a nameserver near by answers a few times as much. The last bound: 8.192 s.
    static constexpr std::uint64_t first_bound_ns = 31'250;

    void observe(std::uint64_t nanoseconds) noexcept;
    std::uint64_t bucket(std::size_t index) const noexcept { return buckets_[index].value(); }  ///< not cumulative
    std::uint64_t sum_ns() const noexcept { return sum_ns_.value(); }
    void clear() noexcept;  ///< by the owner only

private:
    std::array<Counter, bucket_count> buckets_{};
    Counter sum_ns_;
};

struct RouteCounters {
    Counter requests;
    CounterBy<RcodeLabel> responses;
    CounterBy<CacheEvent> cache;
    DurationHistogram duration;  ///< for the history: as series there would be too many

    void clear() noexcept;  ///< by the owner only, when the slot is given to another route
};

struct UpstreamCounters {
    std::array<CounterBy<AttemptReason>, count_of<UpstreamTransport>> requests{};
    CounterBy<RcodeLabel> responses;
    CounterBy<Failure> failures;
    DurationHistogram duration;
    Counter inflight;  ///< a gauge
    Counter usual_reply_ns;  ///< a gauge: how long replies take of late; 0: not known

    void clear() noexcept;  ///< by the owner only, when the slot is given to another upstream
};

/// Where a route or upstream counts. Slot 0 is `other`, beyond the limit of labels; of the routes 1 is
/// `(none)`, 2 is `(master)`.
using Slot = std::uint16_t;
inline constexpr Slot other_slot = 0;
inline constexpr Slot no_route_slot = 1;
inline constexpr Slot master_slot = 2;
inline constexpr Slot first_route_slot = 3;
inline constexpr Slot first_upstream_slot = 1;

/// All counters of one worker. Slots are allocated once, untouched ones cost no memory. `route_slots`
/// and `upstream_slots` are the numbers of slots with the reserved ones (SlotBook::slot_count).
struct alignas(64) WorkerCounters {
    WorkerCounters(std::size_t route_slots, std::size_t upstream_slots);

    std::array<std::array<CounterBy<TypeLabel>, count_of<Family>>, count_of<Transport>> requests{};
    std::array<std::array<CounterBy<Source>, count_of<RcodeLabel>>, count_of<Transport>> responses{};
    std::array<DurationHistogram, count_of<Transport>> duration{};
    CounterBy<Drop> dropped;
    CounterBy<Rejection> rejected;
    CounterBy<Side> tcp_connections;  ///< gauges
    CounterBy<HttpCode> http_responses;
    std::array<CounterBy<Handshake>, count_of<Side>> tls_handshakes{};
    CounterBy<Side> tls_resumptions;  ///< of those that were ok
    CounterBy<Side> tls_handshaking;  ///< gauges: under way
    Counter inflight;                 ///< a gauge
    Counter buffered_bytes;           ///< a gauge: the most within the last second
    Counter shed_networks;            ///< a gauge
    Counter cache_entries;            ///< a gauge
    Counter cache_bytes;              ///< a gauge: what they take
    Counter query_log_dropped;        ///< records for which the ring had no room
    Counter dnstap_dropped;           ///< messages for which the ring had no room
    Counter trace_dropped;            ///< steps for which the ring had no room, for who traces
    Counter udp_receive_drops;        ///< the kernel's, summed over this worker's sockets
    Counter heartbeat;                ///< turns of the loop, for /livez

    RouteCounters& route(Slot slot) noexcept { return routes_[slot]; }
    UpstreamCounters& upstream(Slot slot) noexcept { return upstreams_[slot]; }
    const RouteCounters& route(Slot slot) const noexcept { return routes_[slot]; }
    const UpstreamCounters& upstream(Slot slot) const noexcept { return upstreams_[slot]; }
    std::size_t route_slots() const noexcept { return route_slots_; }
    std::size_t upstream_slots() const noexcept { return upstream_slots_; }

private:
    struct Unmap {
        std::size_t bytes = 0;
        void operator()(void* counters) const noexcept;
    };
    std::size_t route_slots_;
    std::size_t upstream_slots_;
    std::unique_ptr<RouteCounters[], Unmap> routes_;
    std::unique_ptr<UpstreamCounters[], Unmap> upstreams_;
};

}  // namespace dproxy::telemetry
