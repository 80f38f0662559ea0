// SPDX-License-Identifier: MIT
#include "http2/session_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace dproxy::http2 {

/// In front of what nghttp2 is given.
struct SessionMemory::Block {
    alignas(std::max_align_t) std::size_t length;

    static Block* of(void* taken) { return static_cast<Block*>(taken) - 1; }
    bool is_paged() const { return length >= paged_bytes; }
};

void* SessionMemory::take(std::size_t length) noexcept {
    void* memory = nullptr;
    if (length < paged_bytes) {
        memory = std::malloc(sizeof(Block) + length);
    } else {
        memory = ::mmap(nullptr, sizeof(Block) + length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) memory = nullptr;
    }
    if (memory == nullptr) return nullptr;
    auto* block = static_cast<Block*>(memory);
    block->length = length;
    held_ += length;
    return block + 1;
}

void SessionMemory::give_back(void* taken) noexcept {
    if (taken == nullptr) return;
    Block* block = Block::of(taken);
    held_ -= block->length;
    if (block->is_paged()) {
        ::munmap(block, sizeof(Block) + block->length);
    } else {
        std::free(block);
    }
}

nghttp2_mem SessionMemory::functions() {
    const auto take = [](std::size_t length, void* self) { return static_cast<SessionMemory*>(self)->take(length); };
    const auto take_zeros = [](std::size_t count, std::size_t size, void* self) {
        void* taken = static_cast<SessionMemory*>(self)->take(count * size);
        if (taken != nullptr && count * size < paged_bytes) std::memset(taken, 0, count * size);
        return taken;
    };
    const auto retake = [](void* old, std::size_t length, void* self) {
        auto& memory = *static_cast<SessionMemory*>(self);
        void* taken = memory.take(length);
        if (old == nullptr || taken == nullptr) return taken;
        std::memcpy(taken, old, std::min(length, Block::of(old)->length));
        memory.give_back(old);
        return taken;
    };
    const auto give_back = [](void* taken, void* self) { static_cast<SessionMemory*>(self)->give_back(taken); };
    return {this, take, give_back, take_zeros, retake};
}

}  // namespace dproxy::http2
