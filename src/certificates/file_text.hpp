// SPDX-License-Identifier: MIT
// Whole small files, as they are at one moment.
#pragma once

#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

namespace dproxy::certificates {

struct FileText {
    std::string name{};
    std::string text{};
    std::error_code error{};  ///< why it could not be read; std::errc::file_too_large beyond the limit

    bool operator==(const FileText&) const = default;
};

struct FilesTogether {
    std::vector<FileText> files{};  ///< in the order of their names
    bool of_one_version = true;     ///< none was replaced while they were read, as those of a Secret are
};

/// Reads again, a few times at most, where one is replaced meanwhile.
FilesTogether read_together(const std::vector<std::string>& names, std::size_t most_bytes);

}  // namespace dproxy::certificates
