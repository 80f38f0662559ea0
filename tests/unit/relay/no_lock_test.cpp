// SPDX-License-Identifier: MIT
// "No lock on the way of a UDP query" (ARCHITECTURE.md), held by counting: a program of its own, as it takes the locks
// of pthread over, and the two system calls between which a query is on its way.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>

#include "unit/relay/logged_worker.hpp"
#include "unit/relay/tapped_worker.hpp"

namespace {

/// By the worker, as the test's own thread sends and receives one datagram at a time.
std::atomic<std::uint64_t> locks_on_the_way{0};
std::atomic<std::uint64_t> locks{0};
/// Since this thread received a batch. When it sends, what it locked in between was on the way of a query. What
/// follows is the loop's own, which locks its queue once a turn, as other threads may post to it.
thread_local std::uint64_t locks_since_receive = 0;

void count_lock() {
    locks.fetch_add(1, std::memory_order_relaxed);
    ++locks_since_receive;
}

template <typename Function>
Function* next_of(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {
#define DPROXY_COUNT(name, Lock)                                   \
    int name(Lock* lock) noexcept {                                \
        static const auto next = next_of<int(Lock*)>(#name);       \
        count_lock();                                              \
        return next(lock);                                         \
    }
DPROXY_COUNT(pthread_mutex_lock, pthread_mutex_t)
DPROXY_COUNT(pthread_mutex_trylock, pthread_mutex_t)
DPROXY_COUNT(pthread_rwlock_rdlock, pthread_rwlock_t)
DPROXY_COUNT(pthread_rwlock_wrlock, pthread_rwlock_t)
DPROXY_COUNT(pthread_spin_lock, volatile pthread_spinlock_t)
#undef DPROXY_COUNT

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
    static const auto next = next_of<decltype(recvmmsg)>("recvmmsg");
    const int received = next(fd, messages, count, flags, timeout);
    locks_since_receive = 0;
    return received;
}

int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
    static const auto next = next_of<decltype(sendmmsg)>("sendmmsg");
    locks_on_the_way.fetch_add(locks_since_receive, std::memory_order_relaxed);
    locks_since_receive = 0;
    return next(fd, messages, count, flags);
}
}

namespace dproxy::proxy {

TEST_CASE("no lock is taken on the way of a UDP query", "[no_lock]") {
    OneWorker one;
    one.exchange_all(60);
    const std::uint64_t warm = locks_on_the_way.load();
    one.exchange_all(100);
    CHECK(locks_on_the_way.load() - warm == 0);
    CHECK(locks.load() > 0);  // the loop's own: this program counts
}

TEST_CASE("no lock is taken where each query is logged", "[no_lock]") {
    LoggedWorker one;
    one.exchange_all(60);
    one.read_all();
    const std::uint64_t warm = locks_on_the_way.load();
    one.exchange_all(100);
    CHECK(locks_on_the_way.load() - warm == 0);
    one.check_all_told(100);
}

TEST_CASE("no lock is taken where dnstap is told of each message", "[no_lock]") {
    TappedWorker one;
    one.exchange_all(25);
    one.read_all();
    const std::uint64_t warm = locks_on_the_way.load();
    one.exchange_all(100);
    CHECK(locks_on_the_way.load() - warm == 0);
    one.check_all_told(100);
}

}  // namespace dproxy::proxy
