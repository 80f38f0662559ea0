// SPDX-License-Identifier: MIT
#include "io/readiness.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <new>

#include "io/do_and_always.hpp"

namespace dproxy::io {

namespace asio = boost::asio;

namespace {

/// Room for the one wait that is under way, so that waiting does not allocate. Asio frees the room
/// before it calls the handler, which may then wait again.
class WaitMemory {
public:
    void* allocate(std::size_t size) {
        if (!used_ && size <= sizeof storage_) {
            used_ = true;
            return storage_;
        }
        return ::operator new(size);
    }
    void deallocate(void* memory) {
        if (memory == storage_) {
            used_ = false;
        } else {
            ::operator delete(memory);
        }
    }

private:
    alignas(std::max_align_t) std::byte storage_[256];
    bool used_ = false;
};

template <typename T>
struct WaitAllocator {
    using value_type = T;
    WaitMemory* memory;

    explicit WaitAllocator(WaitMemory* where) : memory(where) {}
    template <typename U>
    WaitAllocator(const WaitAllocator<U>& other) : memory(other.memory) {}
    T* allocate(std::size_t count) { return static_cast<T*>(memory->allocate(count * sizeof(T))); }
    void deallocate(T* at, std::size_t) { memory->deallocate(at); }
    template <typename U>
    bool operator==(const WaitAllocator<U>& other) const {
        return memory == other.memory;
    }
};

}  // namespace

struct Readiness::State : std::enable_shared_from_this<Readiness::State> {
    State(asio::io_context& context, std::function<void()> call) : descriptor(context), readable(std::move(call)) {}

    struct Handler {
        using allocator_type = WaitAllocator<std::byte>;
        std::shared_ptr<State> state;
        allocator_type get_allocator() const noexcept { return allocator_type(&state->memory); }
        void operator()(const boost::system::error_code& error) const {
            state->waiting = false;
            if (error || state->paused) return;
            do_and_always([this] { state->readable(); },
                          [this] {
                              if (!state->paused) state->wait();
                          });
        }
    };

    void wait() {
        waiting = true;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read, Handler{shared_from_this()});
    }

    asio::posix::stream_descriptor descriptor;
    std::function<void()> readable;
    bool paused = false;
    bool waiting = false;
    WaitMemory memory;
};

Readiness::Readiness(asio::io_context& context, Fd fd, std::function<void()> readable, std::error_code& error)
    : state_(std::make_shared<State>(context, std::move(readable))) {
    boost::system::error_code refused;
    state_->descriptor.assign(fd.get(), refused);
    error = refused;
    if (error) return;
    fd.release();
    state_->wait();
}

Readiness::Readiness(asio::io_context& context, Fd fd, std::function<void()> readable)
    : state_(std::make_shared<State>(context, std::move(readable))) {
    state_->descriptor.assign(fd.get());
    fd.release();
    state_->wait();
}

Readiness::~Readiness() {
    state_->paused = true;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
}

int Readiness::fd() const { return state_->descriptor.native_handle(); }

void Readiness::pause() { state_->paused = true; }

void Readiness::resume() {
    state_->paused = false;
    if (!state_->waiting) state_->wait();
}

Fd Readiness::release() {
    state_->paused = true;
    return Fd(state_->descriptor.release());
}

}  // namespace dproxy::io
