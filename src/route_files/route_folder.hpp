// SPDX-License-Identifier: MIT
// One folder of route files, as it stands at one moment: a plain directory, or a mounted
// ConfigMap, whose files are read through its `..data`. Reads, and decides nothing about routes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/fd.hpp"
#include "route_files/files_beside.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_route_file_size = 1024 * 1024;  ///< a whole ConfigMap's limit
/// The kubelet swaps a folder at most once a second or so: a folder that moves this often is broken.
inline constexpr int max_folder_tries = 5;
inline constexpr int max_file_tries = 3;
inline constexpr std::size_t max_refused_names = 100;  ///< told of one folder; the rest is counted

struct FolderLimits {
    std::size_t files = 65'536;
    std::size_t subdirectories = 1'024;
    std::size_t bytes = 512 * 1024 * 1024;  ///< read from one folder at one time
    /// A file that changed more recently than this may change again without a sign in its ctime.
    std::chrono::nanoseconds settled_after = std::chrono::milliseconds(100);
};

/// What tells one version of a file from another without reading it.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t changed_ns = 0;  ///< ctime
    bool operator==(const FileIdentity&) const = default;
};

struct FoundFile {
    enum class State : std::uint8_t {
        same,        ///< not read: nothing has changed
        held,        ///< not read: somebody is writing it
        read,        ///< `text` is its content
        unreadable,  ///< `fault` says why
    };
    std::string name;  ///< `directory/name`
    State state = State::unreadable;
    FileIdentity identity{};
    bool settled = false;  ///< the identity is good for telling that nothing has changed
    /// Read through a link that leads out of the location: whoever may put links there could have any file read, and
    /// its lines told in messages.
    bool outside = false;
    std::string text{};
    std::string fault{};
    FilesBeside beside{};  ///< of a route file: what its sections name
};

/// What to do with a regular file that is there.
enum class Reading : std::uint8_t { read, same, held };
using ReadingChoice = std::function<Reading(const std::string& name, const FileIdentity& identity)>;

/// The same of files that route files name beside themselves: they are read within the same version of the folder.
struct BesideChoice {
    /// Names in the folder, of a route file that was found. Not set: none are read.
    std::function<FilesBeside(const FoundFile& file)> named_by{};
    ReadingChoice list{};
    ReadingChoice text{};
};

struct FolderSnapshot {
    enum class State : std::uint8_t {
        complete,
        missing,     ///< there is no such name, or it is a link that leads nowhere
        unreadable,  ///< `fault` says why
    };
    State state = State::unreadable;
    bool moving = false;  ///< unreadable because it kept changing: worth another look soon
    std::string fault{};
    std::vector<FoundFile> files{};             ///< in byte order of their names
    std::vector<FoundFile> lists{};             ///< those that are named and there, each once
    std::vector<FoundFile> texts{};             ///< the same
    std::vector<std::string> subdirectories{};  ///< beside `..data`, in byte order; perhaps links that lead nowhere
    std::vector<std::string> warnings{};        ///< what was left out, and why
    io::Fd directory{};                         ///< the folder itself, where complete
};

/// What to read: `path` below the directory `parent` (AT_FDCWD: an ordinary path).
struct FolderRequest {
    int parent = -1;
    std::string path;
    std::string prefix;     ///< in front of the names of files, `directory/`
    std::string extension;  ///< of route files; may be empty
    FolderLimits limits{};
};

FolderSnapshot read_folder(const FolderRequest& request, const ReadingChoice& choose, const BesideChoice& beside = {});

}  // namespace dproxy::config
