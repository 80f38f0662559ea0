// SPDX-License-Identifier: MIT
// Preloaded into the program under test: calls of it fail as often as a file says that the test writes to. A number for
// each kind, n: one in n fails; 0: none.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

enum Kind { memory, watches, kinds };

struct Rates {
    std::atomic<std::uint32_t> one_in[kinds];
};

Rates* map_rates() {
    const char* path = std::getenv("FAILING_CALLS");
    if (path == nullptr) return nullptr;
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    void* mapped = ::mmap(nullptr, sizeof(Rates), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return mapped == MAP_FAILED ? nullptr : static_cast<Rates*>(mapped);
}

bool fails(Kind kind) {
    static Rates* const rates = map_rates();
    static std::atomic<std::uint32_t> calls{0};
    const std::uint32_t one_in = rates == nullptr ? 0 : rates->one_in[kind].load(std::memory_order_relaxed);
    return one_in != 0 && calls.fetch_add(1, std::memory_order_relaxed) % one_in == 0;
}

void* allocate(std::size_t size) {
    void* const got = fails(memory) ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (got == nullptr) throw std::bad_alloc();
    return got;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete[](void* place, std::size_t) noexcept { std::free(place); }

extern "C" int epoll_ctl(int set, int operation, int fd, struct epoll_event* event) noexcept {
    using Call = int (*)(int, int, int, struct epoll_event*);
    static const Call call = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "epoll_ctl"));
    if (operation == EPOLL_CTL_ADD && fails(watches)) {
        errno = ENOSPC;
        return -1;
    }
    return call(set, operation, fd, event);
}
