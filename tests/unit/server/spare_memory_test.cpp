// SPDX-License-Identifier: MIT
#include "server/spare_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "catch.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace dproxy::server;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__) && \
    !defined(DPROXY_EMULATED)

namespace {

struct Freed {
    void operator()(void* block) const { std::free(block); }
};
using Block = std::unique_ptr<void, Freed>;

}  // namespace

TEST_CASE("large blocks go back to the system when they are freed, whatever was freed before", "[spare_memory]") {
    map_large_blocks();
    {
        const Block huge(std::malloc(16 << 20));  // left alone, blocks below this size would stay from now on
    }
    const std::size_t before = ::mallinfo2().hblkhd;
    Block large(std::malloc(15 << 20));
    REQUIRE(large);
    CHECK(::mallinfo2().hblkhd >= before + (15 << 20));
    large.reset();
    CHECK(::mallinfo2().hblkhd == before);
}

TEST_CASE("what is free of small blocks is given back", "[spare_memory]") {
    const auto resident = [] {
        std::size_t all = 0, pages = 0;
        std::ifstream("/proc/self/statm") >> all >> pages;
        return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    };
    std::vector<Block> blocks;
    for (int i = 0; i < 40'000; ++i) {
        blocks.emplace_back(std::malloc(1000));
        std::memset(blocks.back().get(), 1, 1000);
    }
    const Block last = std::move(blocks.back());  // above them, so that they do not go back by themselves
    blocks.clear();
    const std::size_t before = resident();
    give_back_spare_memory();
    CHECK(resident() + 20'000'000 < before);
}

#else

TEST_CASE("where memory is another's, what is in use stays as it is", "[spare_memory]") {
    map_large_blocks();
    const std::vector<unsigned char> small(1000, 7), large(16 << 20, 7);
    give_back_spare_memory();
    const auto is_whole = [](const auto& block) {
        return std::all_of(block.begin(), block.end(), [](unsigned char byte) { return byte == 7; });
    };
    CHECK(is_whole(small));
    CHECK(is_whole(large));
}

#endif
