// SPDX-License-Identifier: MIT
// Held by tests/unit/route_files/route_directory_test.cpp.
#include "route_files/route_file_text.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "io/fd.hpp"
#include "io/read_up_to.hpp"

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

std::string size_fault(std::int64_t size, const FileLimits& limits) {
    if (static_cast<std::uint64_t>(size) > limits.size) {
        return "holds " + std::to_string(size) + " bytes, expected at most " + std::to_string(limits.size);
    }
    if (static_cast<std::uint64_t>(size) <= limits.room) return {};
    return "is one too many: the files of this directory hold too much together";
}

bool is_link(int directory, const std::string& path) {
    struct stat status {};
    return ::fstatat(directory, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISLNK(status.st_mode);
}

/// The file that was opened is what `path` leads to without ever leaving `home`. Where the kernel cannot tell (before
/// Linux 5.6, or where a container's filter hides openat2), what needs no link is inside, and the rest is not.
bool lies_within(const FileHome& home, const std::string& name, const struct stat& opened) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH;
    const std::string path = home.path + name;
    const io::Fd found(
        static_cast<int>(::syscall(SYS_openat2, home.directory, path.c_str(), &how, sizeof how)));
    if (!found && (errno == ENOSYS || errno == EPERM)) {
        for (std::size_t slash = 0; slash != std::string::npos;) {
            slash = path.find('/', slash + 1);
            if (is_link(home.directory, path.substr(0, slash))) return false;
        }
        return true;
    }
    struct stat status {};
    return found && ::fstat(found.get(), &status) == 0 && status.st_dev == opened.st_dev &&
           status.st_ino == opened.st_ino;
}

enum class Attempt : std::uint8_t { done, again };

/// Nobody bears the name any more: it was removed, perhaps with many others, while they were read.
bool is_gone(int directory, const std::string& name) {
    struct stat link {};
    return ::fstatat(directory, name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

Attempt try_to_read(int directory, const std::string& name, const FileHome& home, const FileLimits& limits,
                    FoundFile& file) {
    const io::Fd opened(::openat(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat before {};
    struct stat after {};
    if (!opened || ::fstat(opened.get(), &before) != 0) {
        if (errno == ENOENT) return Attempt::again;
        file.fault = "cannot be opened: " + error_text(errno);
        return Attempt::done;
    }
    file.identity = identity_of(before);
    file.outside = !lies_within(home, name, before);
    file.fault = kind_fault(before.st_mode);
    if (file.fault.empty()) file.fault = size_fault(before.st_size, limits);
    if (!file.fault.empty()) return Attempt::done;
    const auto size = static_cast<std::size_t>(before.st_size);  // one more is asked for, to see that it ends there
    if (const auto error = io::read_up_to(opened.get(), size + 1, file.text)) {
        file.fault = "cannot be read: " + error.message();
        return Attempt::done;
    }
    const bool is_whole = file.text.size() == size;
    if (!is_whole || ::fstat(opened.get(), &after) != 0 || identity_of(after) != file.identity) return Attempt::again;
    file.state = FoundFile::State::read;
    return Attempt::done;
}

}  // namespace

std::optional<FoundFile> read_route_file(int directory, const std::string& name, std::string shown,
                                         const FileHome& home, const FileLimits& limits, const ReadingChoice& choose) {
    FoundFile file{std::move(shown)};
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, 0) != 0) {
        const int error = errno;
        if (is_gone(directory, name)) return std::nullopt;
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
        if (try_to_read(directory, name, home, limits, file) == Attempt::again) {
            if (is_gone(directory, name)) return std::nullopt;
            continue;
        }
        if (file.state != FoundFile::State::read) file.text.clear();
        file.settled = is_settled(file.identity, limits.settled_after);
        return file;
    }
    file.text.clear();
    file.fault = "changed each time it was read, " + std::to_string(max_file_tries) + " times in a row";
    return file;
}

}  // namespace dproxy::config
