// SPDX-License-Identifier: MIT
#include "http2/session_memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catch.hpp"

using dproxy::http2::SessionMemory;

namespace {

/// All of it can be written to, and is as it was left.
void fill(void* memory, std::size_t length, std::uint8_t with) {
    std::fill_n(static_cast<std::uint8_t*>(memory), length, with);
}

bool is_filled(void* memory, std::size_t length, std::uint8_t with) {
    const auto* bytes = static_cast<const std::uint8_t*>(memory);
    return std::all_of(bytes, bytes + length, [with](std::uint8_t byte) { return byte == with; });
}

}  // namespace

TEST_CASE("memory of a session is counted until it is given back", "[session_memory]") {
    SessionMemory memory;
    nghttp2_mem calls = memory.functions();
    std::size_t asked = 0;
    std::vector<void*> taken;
    for (const std::size_t length : {std::size_t{1}, std::size_t{4112}, SessionMemory::paged_bytes - 1,
                                     SessionMemory::paged_bytes, std::size_t{16'410}, std::size_t{100'000}}) {
        taken.push_back(calls.malloc(length, calls.mem_user_data));
        REQUIRE(taken.back() != nullptr);
        CHECK(reinterpret_cast<std::uintptr_t>(taken.back()) % alignof(std::max_align_t) == 0);
        fill(taken.back(), length, 7);
        CHECK(memory.held_bytes() == (asked += length));
    }
    for (void* one : taken) calls.free(one, calls.mem_user_data);
    calls.free(nullptr, calls.mem_user_data);
    CHECK(memory.held_bytes() == 0);
}

TEST_CASE("memory of a session is zero where that was asked for", "[session_memory]") {
    SessionMemory memory;
    nghttp2_mem calls = memory.functions();
    for (const std::size_t count : {std::size_t{10}, std::size_t{5000}}) {
        void* taken = calls.calloc(count, 4, calls.mem_user_data);
        CHECK(is_filled(taken, 4 * count, 0));
        calls.free(taken, calls.mem_user_data);
    }
}

TEST_CASE("memory of a session keeps what is in it when it grows and shrinks", "[session_memory]") {
    SessionMemory memory;
    nghttp2_mem calls = memory.functions();
    void* taken = calls.realloc(nullptr, 100, calls.mem_user_data);
    fill(taken, 100, 9);
    for (const std::size_t length : {std::size_t{20'000}, std::size_t{30'000}, std::size_t{200}}) {
        taken = calls.realloc(taken, length, calls.mem_user_data);
        CHECK(is_filled(taken, 100, 9));
        CHECK(memory.held_bytes() == length);
    }
    calls.free(taken, calls.mem_user_data);
}

TEST_CASE("memory that a session cannot have is not counted", "[session_memory]") {
    SessionMemory memory;
    nghttp2_mem calls = memory.functions();
    CHECK(calls.malloc(~std::size_t{0} / 4, calls.mem_user_data) == nullptr);
    CHECK(memory.held_bytes() == 0);
}
