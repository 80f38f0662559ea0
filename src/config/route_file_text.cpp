// SPDX-License-Identifier: MIT
#include "config/route_file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace dproxy::config {

namespace {

std::string error_text(int error) {
    return std::generic_category().message(error);
}

FileIdentity identity_of(const struct stat& status) {
    constexpr std::int64_t second = 1'000'000'000;
    return {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec * second + status.st_ctim.tv_nsec};
}

bool is_settled(const FileIdentity& identity, std::chrono::nanoseconds after) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::nanoseconds(identity.changed_ns) + after <= now;
}

/// Empty for a regular file.
std::string kind_fault(mode_t mode) {
    if (S_ISREG(mode)) return {};
    if (S_ISDIR(mode)) return "is a directory, expected a file";
    if (S_ISFIFO(mode)) return "is a FIFO, expected a file";
    if (S_ISSOCK(mode)) return "is a socket, expected a file";
    return "is a device, expected a file";
}

std::string size_fault(std::int64_t size, std::size_t room) {
    if (static_cast<std::uint64_t>(size) > max_route_file_size) {
        return "holds " + std::to_string(size) + " bytes, expected at most " + std::to_string(max_route_file_size);
    }
    if (static_cast<std::uint64_t>(size) <= room) return {};
    return "is one too many: the files of this directory hold too much together";
}

/// Exactly `size` bytes and then the end of the file, or nothing; errno is 0 where the file has another size.
bool read_all(int fd, std::size_t size, std::string& text) {
    text.resize(size + 1);  // one more, to see that it ends there
    std::size_t length = 0;
    while (length < text.size()) {
        const ssize_t got = ::read(fd, text.data() + length, text.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
    }
    errno = 0;
    text.resize(length);
    return length == size;
}

enum class Attempt : std::uint8_t { done, again };

Attempt try_to_read(int directory, const std::string& name, std::size_t room, FoundFile& file) {
    const Descriptor opened(::openat(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat before {};
    struct stat after {};
    if (!opened || ::fstat(opened.get(), &before) != 0) {
        if (errno == ENOENT) return Attempt::again;
        file.fault = "cannot be opened: " + error_text(errno);
        return Attempt::done;
    }
    file.identity = identity_of(before);
    file.fault = kind_fault(before.st_mode);
    if (file.fault.empty()) file.fault = size_fault(before.st_size, room);
    if (!file.fault.empty()) return Attempt::done;
    const bool whole = read_all(opened.get(), static_cast<std::size_t>(before.st_size), file.text);
    if (!whole && errno != 0) {
        file.fault = "cannot be read: " + error_text(errno);
        return Attempt::done;
    }
    if (!whole || ::fstat(opened.get(), &after) != 0 || identity_of(after) != file.identity) return Attempt::again;
    file.state = FoundFile::State::read;
    return Attempt::done;
}

}  // namespace

std::optional<FoundFile> read_route_file(int directory, const std::string& name, std::string shown, std::size_t room,
                                         const FolderLimits& limits, const ReadingChoice& choose) {
    FoundFile file{std::move(shown)};
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, 0) != 0) {
        const int error = errno;
        struct stat link {};
        if (::fstatat(directory, name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) return std::nullopt;
        file.fault = error == ENOENT ? "is a link that leads nowhere" : "cannot be read: " + error_text(error);
        return file;
    }
    file.identity = identity_of(status);
    file.fault = kind_fault(status.st_mode);
    if (!file.fault.empty()) return file;
    switch (choose(file.name, file.identity)) {
        case Reading::same: file.state = FoundFile::State::same; return file;
        case Reading::held: file.state = FoundFile::State::held; return file;
        case Reading::read: break;
    }
    for (int tries = 0; tries < max_file_tries; ++tries) {
        if (try_to_read(directory, name, room, file) == Attempt::again) continue;
        if (file.state != FoundFile::State::read) file.text.clear();
        file.settled = is_settled(file.identity, limits.settled_after);
        return file;
    }
    file.text.clear();
    file.fault = "changed each time it was read, " + std::to_string(max_file_tries) + " times in a row";
    return file;
}

}  // namespace dproxy::config
