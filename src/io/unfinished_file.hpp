// SPDX-License-Identifier: MIT
// Whether a file that was created is still to be filled. A link is complete when it is created, and nothing
// will ever close it.
#pragma once

#include <sys/stat.h>

#include <string>

namespace dproxy::io {

inline bool is_unfinished_file(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return false;
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_size == 0;
}

}  // namespace dproxy::io
