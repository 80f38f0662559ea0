// SPDX-License-Identifier: MIT
#include "simulation/accounts.hpp"

#include <algorithm>
#include <string>

namespace dproxy::simulation {

using telemetry::AttemptReason;
using telemetry::count_of;
using telemetry::Drop;
using telemetry::Failure;
using telemetry::RcodeLabel;
using telemetry::Rejection;
using telemetry::Side;
using telemetry::Slot;
using telemetry::Source;

namespace {

template <typename Label>
std::uint64_t sum_of(const telemetry::CounterBy<Label>& counters) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count_of<Label>; ++i) sum += counters[static_cast<Label>(i)].value();
    return sum;
}

template <std::size_t Count>
std::uint64_t sum_of(const std::array<std::uint64_t, Count>& counts) {
    std::uint64_t sum = 0;
    for (const std::uint64_t one : counts) sum += one;
    return sum;
}

}  // namespace

void Accounts::keep_cleared(const proxy::Publication& publication) {
    for (const Slot slot : publication.route_slots_to_clear) add_route(cleared_, slot);
    for (const Slot slot : publication.upstream_slots_to_clear) add_upstream(cleared_, slot);
}

std::uint64_t Accounts::dropped() const {
    return counters_.udp_receive_drops.value() + counters_.dropped[Drop::route_answer].value() +
           counters_.dropped[Drop::rate_limited].value();
}

void Accounts::add_route(Sums& sums, Slot slot) const {
    const auto& route = counters_.route(slot);
    sums.route_requests += route.requests.value();
    sums.route_responses += sum_of(route.responses);
}

void Accounts::add_upstream(Sums& sums, Slot slot) const {
    const auto& upstream = counters_.upstream(slot);
    for (std::size_t i = 0; i < count_of<AttemptReason>; ++i) {
        sums.udp[i] += upstream.requests[0][static_cast<AttemptReason>(i)].value();
        sums.tcp[i] += upstream.requests[1][static_cast<AttemptReason>(i)].value();
    }
    sums.responses += sum_of(upstream.responses);
    for (std::size_t i = 0; i < count_of<Failure>; ++i) {
        sums.failures[static_cast<Failure>(i)].add(upstream.failures[static_cast<Failure>(i)].value());
    }
}

void Accounts::sum_up(Sums& sums) const {
    for (std::size_t i = 0; i < counters_.route_slots(); ++i) add_route(sums, static_cast<Slot>(i));
    for (std::size_t i = 0; i < counters_.upstream_slots(); ++i) add_upstream(sums, static_cast<Slot>(i));
    sums.route_requests += cleared_.route_requests;
    sums.route_responses += cleared_.route_responses;
    sums.responses += cleared_.responses;
    for (std::size_t i = 0; i < sums.udp.size(); ++i) {
        sums.udp[i] += cleared_.udp[i];
        sums.tcp[i] += cleared_.tcp[i];
    }
    for (std::size_t i = 0; i < count_of<Failure>; ++i) {
        sums.failures[static_cast<Failure>(i)].add(cleared_.failures[static_cast<Failure>(i)].value());
    }
}

std::uint64_t Accounts::count_responses(std::size_t transport, Source source) const {
    std::uint64_t count = 0;
    for (const auto& by_source : counters_.responses[transport]) count += by_source[source].value();
    return count;
}

std::uint64_t Accounts::count_all_responses(std::size_t transport) const {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < count_of<Source>; ++i) count += count_responses(transport, static_cast<Source>(i));
    return count;
}

void Accounts::expect(std::uint64_t counted, std::uint64_t seen, const char* what) {
    expect_between(counted, seen, seen, what);
}

void Accounts::expect_between(std::uint64_t counted, std::uint64_t least, std::uint64_t most, const char* what) {
    if (counted >= least && counted <= most) return;
    const std::string bounds = least == most ? std::to_string(least)
                                             : std::to_string(least) + " to " + std::to_string(most);
    journal_.violate(std::string(what) + ": " + std::to_string(counted) + " are counted, it should be " + bounds);
}

void Accounts::check_quiet(std::size_t sockets) {
    expect(counters_.inflight.value(), 0, "when all is quiet, the gauge of queries in flight");
    expect(counters_.tcp_connections[Side::client].value(), 0, "when all is quiet, connections of clients");
    expect(counters_.tcp_connections[Side::upstream].value(), 0, "when all is quiet, connections to upstreams");
    expect(counters_.buffered_bytes.value(), 0, "when all is quiet, buffered bytes");
    for (std::size_t slot = 0; slot < counters_.upstream_slots(); ++slot) {
        expect(counters_.upstream(static_cast<Slot>(slot)).inflight.value(), 0,
               "when all is quiet, an upstream's gauge of queries in flight");
    }
    expect(sockets, 0, "when all is quiet, open sockets");
}

void Accounts::check(const Seen& seen) {
    Sums sums;
    sum_up(sums);
    check_clients(seen, sums);
    check_upstreams(seen, sums);
    const auto count = [this](Source source) {
        return static_cast<unsigned long long>(count_responses(0, source) + count_responses(1, source));
    };
    journal_.note("answers of the proxy's own %llu, of upstreams %llu, kept %llu, stale %llu", count(Source::local),
                  count(Source::upstream), count(Source::cache), count(Source::stale));
}

void Accounts::check_clients(const Seen& seen, const Sums& sums) {
    std::uint64_t requests = 0, tcp_requests = 0, rejected = 0, observed = 0;
    for (const auto& by_type : counters_.requests[0]) requests += sum_of(by_type);
    for (const auto& by_type : counters_.requests[1]) tcp_requests += sum_of(by_type);
    // Of messages that the worker sheds it cannot be seen what they were.
    const std::uint64_t shed = std::min(counters_.udp_receive_drops.value(), seen.good_reads);
    expect_between(requests, seen.good_reads - shed, seen.good_reads, "requests over UDP");
    expect_between(tcp_requests, seen.tcp_answers, seen.tcp_questions, "requests over TCP");
    for (std::size_t rcode = 0; rcode < count_of<RcodeLabel>; ++rcode) {
        expect(sum_of(counters_.responses[0][rcode]), seen.udp_rcodes[static_cast<RcodeLabel>(rcode)].value(),
               "responses over UDP of one rcode");
    }
    const std::uint64_t local = count_responses(0, Source::local) + count_responses(1, Source::local);
    const std::uint64_t udp = count_all_responses(0), tcp = count_all_responses(1);
    for (std::size_t i = 0; i < telemetry::DurationHistogram::bucket_count; ++i) {
        observed += counters_.duration[0].bucket(i) + counters_.duration[1].bucket(i);
    }
    expect(observed, udp + tcp, "durations");
    expect(sums.route_responses, udp + tcp, "responses of routes");
    expect_between(tcp, seen.tcp_answers, seen.tcp_questions, "responses over TCP");
    const auto last = static_cast<std::size_t>(Rejection::loop);  // those behind it are of connections
    for (std::size_t i = 0; i <= last; ++i) rejected += counters_.rejected[static_cast<Rejection>(i)].value();
    // Connections are refused for the same reason.
    const std::uint64_t refused = counters_.rejected[Rejection::not_allowed].value();
    expect_between(rejected, local, local + refused, "rejections, for answers of the proxy's own");
    expect(counters_.dropped[Drop::send_failed].value(), seen.udp_answers_failed, "answers that could not be sent");
    expect(counters_.dropped[Drop::source_port_zero].value(), seen.port_zero, "messages from port 0");
    expect(counters_.dropped[Drop::mapped_source].value(), seen.mapped, "messages from mapped addresses");
    const std::uint64_t silent = requests - udp;
    const std::uint64_t dropped = counters_.dropped[Drop::route_answer].value() +
                                  counters_.dropped[Drop::rate_limited].value();
    expect_between(dropped, silent, silent + seen.tcp_questions, "drops, for queries over UDP without an answer");
}

void Accounts::check_upstreams(const Seen& seen, const Sums& sums) {
    const std::uint64_t unfit = counters_.dropped[Drop::reply_unexpected].value() +
                                counters_.dropped[Drop::reply_mismatch].value() +
                                counters_.dropped[Drop::reply_malformed].value();
    const std::uint64_t cut = counters_.dropped[Drop::cut_by_kernel].value();
    expect_between(sums.responses + unfit + cut, seen.upstream_reads + seen.cut,
                   seen.upstream_reads + seen.cut + seen.tcp_replies, "messages of upstreams");
    const auto hedges = static_cast<std::size_t>(AttemptReason::hedge);
    expect_between(20 * (sums.udp[hedges] + sums.tcp[hedges]), 0, seen.good_reads + seen.tcp_questions,
                   "hedges, twenty times");
    // By chance one in 65536 has the ID of the time before.
    expect_between(seen.same_ids, 0, 3 + seen.repetitions / 4096, "IDs that a query goes up under again");
    // What ends before it has left does not leave: where it gives way, or no socket can be had. Only bytes and
    // connections run out in the midst of a turn, when a further attempt may just have been queued.
    std::uint64_t unsent = seen.unsent;
    for (const Rejection why : {Rejection::buffered_limit, Rejection::stream_limit}) {
        unsent += counters_.rejected[why].value();
    }
    std::uint64_t failed = 0;
    for (const Failure why : {Failure::refused, Failure::unreachable, Failure::overload, Failure::other}) {
        failed += sums.failures[why].value();
    }
    expect_between(failed + unsent, seen.upstream_sends_failed, ~std::uint64_t{0},
                   "failures, for datagrams that could not be sent");
    if (seen.open_failures > 0) {
        for (const Failure why : {Failure::overload, Failure::unreachable, Failure::other}) {
            unsent += sums.failures[why].value();
        }
    }
    // What was asked over TCP of the proxy's own accord goes by UDP once more, uncounted, where TCP fails.
    expect_between(sum_of(sums.udp), seen.upstream_sends - std::min(seen.upstream_sends, seen.moves),
                   seen.upstream_sends + unsent, "attempts over UDP, for datagrams that left");
}

}  // namespace dproxy::simulation
