// SPDX-License-Identifier: MIT
#include "certificates/file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <tuple>

#include "io/fd.hpp"
#include "io/read_up_to.hpp"

namespace dproxy::certificates {

namespace {

constexpr int most_tries = 5;

/// What tells one version of a file from another.
using Mark = std::tuple<dev_t, ino_t, off_t, time_t, long>;

std::vector<Mark> marks_of(const std::vector<std::string>& names) {
    std::vector<Mark> marks;
    for (const std::string& name : names) {
        struct stat found{};
        if (::stat(name.c_str(), &found) != 0) found = {};
        marks.emplace_back(found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
    }
    return marks;
}

FileText read_one(const std::string& name, std::size_t most_bytes) {
    FileText file{.name = name};
    const io::Fd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        file.error = {errno, std::generic_category()};
        return file;
    }
    file.error = io::read_up_to(fd.get(), most_bytes + 1, file.text);
    if (file.text.size() > most_bytes) file.error = std::make_error_code(std::errc::file_too_large);
    if (file.error) file.text.clear();
    file.text.shrink_to_fit();
    return file;
}

}  // namespace

FilesTogether read_together(const std::vector<std::string>& names, std::size_t most_bytes) {
    FilesTogether read;
    for (int i = 0; i < most_tries; ++i) {
        const auto before = marks_of(names);
        read.files.clear();
        for (const std::string& name : names) read.files.push_back(read_one(name, most_bytes));
        read.of_one_version = marks_of(names) == before;
        if (read.of_one_version) break;
    }
    return read;
}

}  // namespace dproxy::certificates
