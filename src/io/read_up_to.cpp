// SPDX-License-Identifier: MIT
#include "io/read_up_to.hpp"

#include <unistd.h>

#include <cerrno>

namespace dproxy::io {

std::error_code read_up_to(int fd, std::size_t most, std::string& text) {
    std::error_code error;
    text.resize(most);
    std::size_t length = 0;
    while (length < most) {
        const ssize_t count = ::read(fd, text.data() + length, most - length);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) error = {errno, std::generic_category()};
        if (count <= 0) break;
        length += static_cast<std::size_t>(count);
    }
    text.resize(length);
    return error;
}

}  // namespace dproxy::io
