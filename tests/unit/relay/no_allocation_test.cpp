// SPDX-License-Identifier: MIT
// "No allocation on the way of a UDP query" (ARCHITECTURE.md), held by counting: a program of its own, as it takes
// malloc over.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

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

}  // namespace dproxy::proxy
