// SPDX-License-Identifier: MIT
// The content of one route file. Whatever else bears such a name (a FIFO, a device, a directory, a link
// that leads nowhere) is told, never waited for, and not even opened.
#pragma once

#include <optional>
#include <string>

#include "config/route_folder.hpp"

namespace dproxy::config {

/// `name` in the open directory; `shown` is `directory/name`. At most `room` bytes are read. Nothing where
/// the name is gone.
std::optional<FoundFile> read_route_file(int directory, const std::string& name, std::string shown,
                                         std::size_t room, const FolderLimits& limits, const ReadingChoice& choose);

}  // namespace dproxy::config
