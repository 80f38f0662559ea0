// SPDX-License-Identifier: MIT
#include "server/spare_memory.hpp"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace dproxy::server {

void map_large_blocks() {
#ifdef __GLIBC__
    // Left alone, glibc raises the bound with each block that is freed, up to 32 MiB. Low enough for the longest
    // messages, so that what a flood of them took goes back with them.
    ::mallopt(M_MMAP_THRESHOLD, 32 * 1024);
#endif
}

void give_back_spare_memory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace dproxy::server
