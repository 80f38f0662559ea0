// SPDX-License-Identifier: MIT
// The content of one route file, or of a list. Whatever else bears such a name (a FIFO, a device, a directory, a link
// that leads nowhere) is told, never waited for, and not even opened.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "route_files/route_folder.hpp"

namespace dproxy::config {

/// Where the files of a location have to lie: at or below `directory`, from which `path` leads to the folder.
struct FileHome {
    int directory;
    std::string path;  ///< empty, or with a slash at its end
};

struct FileLimits {
    std::size_t room;  ///< what all files of the directory together have left
    std::size_t size;  ///< of this one
    std::chrono::nanoseconds settled_after;  ///< FolderLimits
};

/// `name` in the open directory; `shown` is `directory/name`. Nothing where the name is gone.
std::optional<FoundFile> read_route_file(int directory, const std::string& name, std::string shown,
                                         const FileHome& home, const FileLimits& limits, const ReadingChoice& choose);

}  // namespace dproxy::config
