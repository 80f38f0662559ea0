// SPDX-License-Identifier: MIT
// What every fuzz target shares: the entry point that libFuzzer calls, and a property that must hold in
// every build (an assert would vanish from a release).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

#define MUST_HOLD(property)                                                                    \
    do {                                                                                       \
        if (!(property)) {                                                                     \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property); \
            std::abort();                                                                      \
        }                                                                                      \
    } while (false)
