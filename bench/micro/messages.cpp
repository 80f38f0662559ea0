// SPDX-License-Identifier: MIT
// What is read of a client's message and of an upstream's reply.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "dns/query.hpp"
#include "dns/reply.hpp"

namespace {

using namespace dproxy;
using Octets = std::vector<std::uint8_t>;

/// A query for A, with an OPT record (RFC 6891) where `edns` is set.
Octets query(std::string_view name, bool edns) {
    Octets message{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, edns ? std::uint8_t{1} : std::uint8_t{0}};
    const dns::Name parsed = dns::Name::parse(name, false).name;
    message.insert(message.end(), parsed.wire().begin(), parsed.wire().end());
    message.insert(message.end(), {0, 1, 0, 1});
    if (edns) message.insert(message.end(), {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0});
    return message;
}

constexpr std::string_view usual = "www.example.com";
constexpr std::string_view deep = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.example.com";

void read_query(benchmark::State& state, std::string_view name, bool edns) {
    const Octets message = query(name, edns);
    for (auto _ : state) {
        dns::Query read = dns::read_query(message);
        benchmark::DoNotOptimize(read);
    }
}
BENCHMARK_CAPTURE(read_query, plain, usual, false);
BENCHMARK_CAPTURE(read_query, edns, usual, true);
BENCHMARK_CAPTURE(read_query, deep_edns, deep, true);

void check_reply(benchmark::State& state, std::string_view name) {
    const Octets asked = query(name, true);
    const dns::Query read = dns::read_query(asked);
    Octets reply = asked;
    reply[2] |= 0x80;
    for (auto _ : state) {
        dns::ReplyFault fault = dns::check_reply(asked, read.question, reply);
        benchmark::DoNotOptimize(fault);
    }
}
BENCHMARK_CAPTURE(check_reply, usual, usual);
BENCHMARK_CAPTURE(check_reply, deep, deep);

}  // namespace
