// SPDX-License-Identifier: MIT
// "No allocation on the way of a UDP query" (ARCHITECTURE.md), held by counting: a program of its own, as it takes
// malloc over.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "catch.hpp"
#include "dns/message.hpp"
#include "io/socket_address.hpp"
#include "io/udp_socket.hpp"
#include "packets.hpp"
#include "proxy/publisher.hpp"
#include "proxy/worker.hpp"
#include "telemetry/counters.hpp"
#include "unit/routing/table_of_patterns.hpp"

namespace {

/// Of threads other than the test's own: in this program the worker is the only one.
std::atomic<std::uint64_t> allocations{0};
thread_local bool is_test_thread = false;

void count_allocation() {
    if (!is_test_thread) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Of sanitizer/allocator_interface.h, which GCC does not install.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
namespace {
void on_malloc(const volatile void*, std::size_t) { count_allocation(); }
void on_free(const volatile void*) {}
const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}  // namespace
#else
// All that glibc has; operator new comes down to these.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
    count_allocation();
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    count_allocation();
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
    count_allocation();
    return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
    count_allocation();
    return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    *memory = memalign(alignment, size);
    return *memory == nullptr ? ENOMEM : 0;
}
}
#endif

namespace dproxy::proxy {
namespace {

constexpr std::size_t window = 32;  ///< queries in flight at a time
constexpr int patience_ms = 20'000;

io::Fd loopback(net::Endpoint& endpoint) {
    std::error_code error;
    endpoint = *net::Endpoint::parse("127.0.0.1", 0);
    io::Fd socket = io::bind_udp(endpoint, io::PortSharing::exclusive, error);
    REQUIRE(socket);
    endpoint.port = io::local_port(socket.get());
    return socket;
}

/// One datagram, waited for.
std::size_t receive(const io::Fd& socket, std::array<std::uint8_t, 512>& buffer, io::SocketAddress& from) {
    pollfd wanted{socket.get(), POLLIN, 0};
    REQUIRE(::poll(&wanted, 1, patience_ms) == 1);
    from.length = sizeof from.v6;
    const ssize_t length = ::recvfrom(socket.get(), buffer.data(), buffer.size(), 0, &from.any, &from.length);
    REQUIRE(length >= static_cast<ssize_t>(dns::header_length));
    return static_cast<std::size_t>(length);
}

void send(const io::Fd& socket, const void* bytes, std::size_t length, const io::SocketAddress& to) {
    REQUIRE(::sendto(socket.get(), bytes, length, 0, &to.any, to.length) == static_cast<ssize_t>(length));
}

struct NoLoops final : LoopReports {
    void loop_probe_returned(std::uint64_t, const net::Address&) override {}
    void loop_suspected(routing::LoopPlace) override {}
};

/// A client and a nameserver around one worker, which knows of a loop below loop.example.test.
struct Bench {
    net::Endpoint client_at, server_at, proxy_at;
    io::Fd client = loopback(client_at);
    io::Fd server = loopback(server_at);
    WorkerOptions options;
    TcpLimits tcp_limits{10, 10};
    Publisher publisher{nullptr, 10, 10};
    telemetry::WorkerCounters counters{publisher.route_slots(), publisher.upstream_slots()};
    NoLoops loop_reports;
    Worker worker{0, options, counters, tcp_limits, loop_reports};
    std::array<std::uint8_t, 512> buffer{};

    Bench() {
        worker.listen_udp(loopback(proxy_at));
        auto settings = std::make_shared<routing::RouteSettings>();
        settings->targets.push_back({"", server_at});
        auto file = routing::file_of("a.prox", {"example.test", "*.example.test"}, settings);
        const auto table = routing::RouteTable::build({file}).table;
        publisher.take_table(table, {});
        routing::LoopMark mark;
        mark.place.settings = settings;
        mark.place.route_key = table->key(1);
        mark.place.domain = dns::Name::parse("loop.example.test", true).name;
        worker.publish_loops(std::make_shared<const routing::LoopMarks>(std::vector{mark}));
        worker.start(publisher.make({AddressBook{}}, {}).publication);
    }

    /// `window` queries, each answered by the nameserver, or by the proxy itself where the name has no route.
    void exchange(const std::vector<test::Octets>& queries, bool relayed) {
        const io::SocketAddress proxy(proxy_at);
        io::SocketAddress from;
        for (const test::Octets& query : queries) send(client, query.data(), query.size(), proxy);
        for (std::size_t i = 0; relayed && i < queries.size(); ++i) {
            const std::size_t length = receive(server, buffer, from);
            buffer[2] |= 0x80;  // QR
            send(server, buffer.data(), length, from);
        }
        for (std::size_t i = 0; i < queries.size(); ++i) receive(client, buffer, from);
    }
};

std::vector<test::Octets> queries_below(const std::string& domain) {
    std::vector<test::Octets> queries;
    for (std::size_t i = 0; i < window; ++i) {
        auto query = test::Packet::query("n" + std::to_string(i) + "." + domain, test::qtype::a);
        if (i % 2 == 0) query.edns(1232);
        queries.push_back(query.id(static_cast<std::uint16_t>(i + 1)).bytes());
    }
    return queries;
}

}  // namespace

TEST_CASE("nothing is allocated on the way of a UDP query", "[no_allocation]") {
    is_test_thread = true;
    Bench bench;
    const auto routed = queries_below("example.test");
    const auto refused = queries_below("elsewhere.test");
    const auto looping = queries_below("loop.example.test");
    const std::uint64_t at_start = allocations.load();
    for (int round = 0; round < 60; ++round) {
        bench.exchange(routed, true);
        bench.exchange(refused, false);
        bench.exchange(looping, false);
    }
    // Sockets to the upstream were opened, slabs written to: this program counts.
    const std::uint64_t warm = allocations.load();
    CHECK(warm > at_start);
    for (int round = 0; round < 100; ++round) {
        bench.exchange(routed, true);
        bench.exchange(refused, false);
        bench.exchange(looping, false);
    }
    CHECK(allocations.load() - warm == 0);
}

}  // namespace dproxy::proxy
