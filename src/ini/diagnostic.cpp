// SPDX-License-Identifier: MIT
#include "ini/diagnostic.hpp"

namespace dproxy::config {

std::string Diagnostic::to_string() const {
    std::string text = file;
    if (line != 0) text += ':' + std::to_string(line);
    return text + ": " + message;
}

}  // namespace dproxy::config
