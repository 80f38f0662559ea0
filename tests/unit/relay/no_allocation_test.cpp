// SPDX-License-Identifier: MIT
// "No allocation on the way of a UDP query" (ARCHITECTURE.md), held by counting: a program of its own, as it takes
// malloc over.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "unit/relay/keeping_worker.hpp"
#include "unit/relay/logged_worker.hpp"
#include "unit/relay/tapped_worker.hpp"

namespace {

/// Of threads other than the test's own: in this program the worker is the only one.
std::atomic<std::uint64_t> allocations{0};
thread_local bool is_test_thread = false;

void count_allocation() {
    if (!is_test_thread) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#ifdef DPROXY_SANITIZED
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

TEST_CASE("nothing is allocated on the way of a UDP query", "[no_allocation]") {
    is_test_thread = true;
    OneWorker one;
    const std::uint64_t at_start = allocations.load();
    one.exchange_all(60);
    // Sockets to the upstream were opened, slabs written to: this program counts.
    const std::uint64_t warm = allocations.load();
    CHECK(warm > at_start);
    one.exchange_all(100);
    CHECK(allocations.load() - warm == 0);
}

TEST_CASE("nothing is allocated where each query is logged, whether there is room for it or not", "[no_allocation]") {
    is_test_thread = true;
    LoggedWorker one;
    one.exchange_all(60);
    one.read_all();
    const std::uint64_t warm = allocations.load();
    one.exchange_all(100);
    CHECK(allocations.load() - warm == 0);
    one.check_all_told(100);
}

TEST_CASE("nothing is allocated where dnstap is told of each message, with room for it or without",
          "[no_allocation]") {
    is_test_thread = true;
    TappedWorker one;
    one.exchange_all(25);
    one.read_all();
    const std::uint64_t warm = allocations.load();
    one.exchange_all(100);
    CHECK(allocations.load() - warm == 0);
    one.check_all_told(100);
}

namespace {

constexpr int rounds = 40;

const test::Octets cookie = test::option(10, {1, 2, 3, 4, 5, 6, 7, 8});

/// Done as often, once to grow what has to, and once to be counted.
template <typename Work>
std::uint64_t allocations_of(const Work& work) {
    for (int round = 0; round < rounds; ++round) work();
    const std::uint64_t warm = allocations.load();
    for (int round = 0; round < rounds; ++round) work();
    return allocations.load() - warm;
}

}  // namespace

TEST_CASE("nothing is allocated for an answer that is kept", "[no_allocation]") {
    is_test_thread = true;
    KeepingWorker one;
    const auto hits = [&](const KeepingWorker::Queries& queries) {
        return allocations_of([&] { one.remember(queries); });
    };

    SECTION("with EDNS and without, with a cookie") {
        one.learn(one.plain("n"), {});
        CHECK(hits(one.plain("n")) == 0);
        CHECK(hits(one.with_edns("n", 1232)) == 0);
        CHECK(hits(one.with_edns("n", 4096)) == 0);
        CHECK(hits(one.with_edns("n", 1232, cookie)) == 0);
    }
    SECTION("that is large") {
        one.learn(one.with_edns("n", 4096), {.addresses = 150});
        CHECK(!KeepingWorker::is_truncated(one.remember(one.with_edns("n", 4096)).front()));
        CHECK(hits(one.with_edns("n", 4096)) == 0);
        CHECK(hits(one.with_edns("n", 4096, cookie)) == 0);
    }
    SECTION("that is cut") {
        one.learn(one.with_edns("n", 4096), {.addresses = 150});
        CHECK(KeepingWorker::is_truncated(one.remember(one.plain("n")).front()));
        CHECK(hits(one.plain("n")) == 0);
        CHECK(hits(one.with_edns("n", 600)) == 0);
        CHECK(hits(one.with_edns("n", 600, cookie)) == 0);
    }
    SECTION("that says that there is no such name") {
        one.learn(one.plain("n"), {.addresses = 0});
        CHECK(hits(one.plain("n")) == 0);
        CHECK(hits(one.with_edns("n", 1232, cookie)) == 0);
    }
}

TEST_CASE("nothing is allocated for an answer that is kept, on a connection", "[no_allocation]") {
    is_test_thread = true;
    KeepingWorker one;
    // All answers of a round lie in half of what a connection's buffer may grow to without being given back.
    const auto addresses = GENERATE(std::size_t{1}, std::size_t{10});
    one.learn(one.with_edns("n", 4096), {.addresses = addresses});
    const io::Fd connection = one.connect();
    // How the system cuts what comes is not the test's to say, and a turn more of the loop than before takes memory for
    // itself: an answer that took some would take it each time.
    const auto is_free = [&](const KeepingWorker::Queries& queries) {
        std::uint64_t count = 1;
        for (int tries = 0; tries < 5 && count != 0; ++tries) {
            count = allocations_of([&] { one.remember_on(connection, queries); });
        }
        return count == 0;
    };
    CHECK(is_free(one.plain("n")));
    CHECK(is_free(one.with_edns("n", 1232)));
    CHECK(is_free(one.with_edns("n", 1232, cookie)));
}

TEST_CASE("nothing is allocated for an answer that is beyond its TTL, nor to ask for it again", "[no_allocation]") {
    is_test_thread = true;
    KeepingWorker one;
    // As many queries in flight as there will be, once.
    one.send_all(one.plain("warm"));
    one.send_all(one.plain("other"));
    one.answer(2 * window, {});
    one.take_all();
    one.take_all();
    const auto queries = one.plain("n");
    one.learn(queries, {.ttl = 1});
    one.learn(one.plain("later"), {.ttl = 1});
    const auto is_stale = [](const test::Octets& answer, const test::Octets& query) {
        return KeepingWorker::ttl(answer, query) == KeepingWorker::stale_ttl;
    };
    KeepingWorker::Queries answers;
    const auto later = one.plain("later");
    do {
        answers = one.remember(later);
    } while (!is_stale(answers.back(), later.back()));
    const std::uint64_t before = allocations.load();
    answers = one.remember(queries);
    const std::uint64_t after_the_first = allocations.load();
    answers = one.remember(queries);
    CHECK(after_the_first - before == 0);
    CHECK(allocations.load() - after_the_first == 0);
    for (std::size_t i = 0; i < answers.size(); ++i) CHECK(is_stale(answers[i], queries[i]));
}

TEST_CASE("nothing is allocated to keep an answer, also where others go for it", "[no_allocation]") {
    is_test_thread = true;
    KeepingWorker one;
    std::size_t turn = 0;
    CHECK(allocations_of([&] { one.learn(one.plain("turn" + std::to_string(turn++) + "n"), {}); }) == 0);
    CHECK(allocations_of([&] {
              // The same names again: those that went are asked for once more, and those that did not answered.
              one.learn(one.with_edns("turn" + std::to_string(turn++) + "n", 4096), {.addresses = 60});
          }) == 0);
    CHECK(one.evictions() > 0);
}

TEST_CASE("nothing is allocated where several wait for one reply", "[no_allocation]") {
    is_test_thread = true;
    KeepingWorker one;
    std::size_t turn = 0;
    CHECK(allocations_of([&] {
              const auto queries = one.plain("turn" + std::to_string(turn++) + "n");
              one.send_all(queries);
              one.send_all(queries);
              one.answer(window, {});
              one.take_all();
              one.take_all();
          }) == 0);
}

}  // namespace dproxy::proxy
