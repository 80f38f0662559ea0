// SPDX-License-Identifier: MIT
#include "io/random_ids.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace dproxy::io {

void RandomIds::refill() {
    auto* at = reinterpret_cast<std::uint8_t*>(ids_.data());
    std::size_t left = sizeof ids_;
    while (left > 0) {
        const ssize_t got = ::getrandom(at, left, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            std::abort();  // a kernel without getrandom: serving with guessable IDs would be worse
        }
        at += got;
        left -= static_cast<std::size_t>(got);
    }
    used_ = 0;
}

}  // namespace dproxy::io
