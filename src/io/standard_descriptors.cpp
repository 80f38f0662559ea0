// SPDX-License-Identifier: MIT
#include "io/standard_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace dproxy::io {

void open_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
        // The lowest free number is given, so this one. Where there is no /dev, something that takes no bytes has it.
        if (::open("/dev/null", O_RDWR) < 0) ::open("/", O_PATH);
    }
}

}  // namespace dproxy::io
