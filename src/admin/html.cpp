// SPDX-License-Identifier: MIT
#include "admin/html.hpp"

#include "telemetry/printable.hpp"

namespace dproxy::admin {

std::string html(std::string_view text, std::size_t most) {
    const bool is_cut = text.size() > most;
    std::string escaped;
    for (const char character : telemetry::printable(text.substr(0, most))) {
        switch (character) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&#39;"; break;
            default: escaped += character;
        }
    }
    if (is_cut) escaped += "...";
    return escaped;
}

}  // namespace dproxy::admin
