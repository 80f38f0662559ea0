// SPDX-License-Identifier: MIT
#include "server/page_words.hpp"

#include <cstdio>

#include "admin/html.hpp"

namespace dproxy::server {

using admin::html;

std::string good(std::string_view text) { return "<span class=\"good\">" + html(text) + "</span>"; }
std::string bad(std::string_view text) { return "<span class=\"bad\">" + html(text) + "</span>"; }

std::string number_words(double number) {
    char text[32];
    std::snprintf(text, sizeof text, number >= 9.95 ? "%.0f" : number >= 0.095 ? "%.1f" : "%.2f", number);
    const std::string_view words = text;
    return words == "0.00" ? "0" : std::string(words);
}

std::string milliseconds_words(double milliseconds) {
    char text[32];
    std::snprintf(text, sizeof text, milliseconds >= 99.5 ? "%.0f ms" : milliseconds >= 9.95 ? "%.1f ms" : "%.2f ms",
                  milliseconds);
    return text;
}

std::string mebibytes_words(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / 1048576);
    return text;
}

}  // namespace dproxy::server
