// SPDX-License-Identifier: MIT
#include "reports/rfc3339.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace dproxy::config {

std::string rfc3339(std::chrono::system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time - seconds).count();
    const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
    std::tm date{};
    ::gmtime_r(&whole, &date);
    std::array<char, 96> text{};  // room for any numbers, as the compiler sees them
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", date.tm_year + 1900, date.tm_mon + 1,
                  date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, static_cast<int>(milliseconds));
    return text.data();
}

}  // namespace dproxy::config
