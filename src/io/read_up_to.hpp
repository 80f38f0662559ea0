// SPDX-License-Identifier: MIT
// Small files, whole.
#pragma once

#include <cstddef>
#include <string>
#include <system_error>

namespace dproxy::io {

/// The bytes from where the descriptor stands to the file's end, but no more than `most`, for which there is room at
/// once. Who asks for one more than may be there sees whether that was all.
std::error_code read_up_to(int fd, std::size_t most, std::string& text);

}  // namespace dproxy::io
