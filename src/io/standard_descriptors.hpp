// SPDX-License-Identifier: MIT
// Descriptors 0 to 2 belong to standard input, output and error, whatever the program was started with.
#pragma once

namespace dproxy::io {

/// To be called before anything else is opened: what is closed of the three is opened on /dev/null. The next thing that
/// is opened would have its number else, and the log would go into that.
void open_standard_descriptors();

}  // namespace dproxy::io
