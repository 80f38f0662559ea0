// SPDX-License-Identifier: MIT
// What the report of a running instance means for somebody who waits for one content of one file. Decides without I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dproxy::cli {

struct FileVerdict {
    enum class Kind : std::uint8_t {
        in_force,   ///< every worker goes by it
        faulty,     ///< it stands in the file, and something is wrong with it
        not_yet,    ///< it was not seen, or not yet by all
        ambiguous,  ///< several files are called so
    };
    Kind kind = Kind::not_yet;
    std::string text;  ///< what there is instead, or the faults, one in a line
};

/// `report` is the text that /files?file= answers with, of whatever listens there. `hash` is in lower case.
FileVerdict judge_file(std::string_view report, std::string_view file, std::string_view hash);

}  // namespace dproxy::cli
