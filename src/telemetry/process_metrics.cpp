// SPDX-License-Identifier: MIT
#include "telemetry/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace dproxy::telemetry {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Cuts the first word, up to a blank or the end of a line, off `text`.
std::string_view next_word(std::string_view& text) {
    constexpr std::string_view blanks = " \n";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

std::string read_whole(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> count_open_descriptors() {
    std::error_code error;
    std::filesystem::directory_iterator entry("/proc/self/fd", error);
    std::uint64_t count = 0;
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
    if (error || count == 0) return std::nullopt;
    return count - 1;  // without the one that reads the directory
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
    // Field 2 is the program's name in brackets, of any bytes; the last bracket ends it.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(name_end + 1);
    constexpr std::size_t first_field = 3, last_field = 24;  // proc(5) counts from 1
    std::array<std::optional<std::uint64_t>, last_field + 1> fields;
    for (std::size_t field = first_field; field <= last_field; ++field) fields[field] = number(next_word(text));

    constexpr std::size_t utime = 14, stime = 15, starttime = 22, vsize = 23, rss = 24;
    if (!fields[utime] || !fields[stime] || !fields[starttime] || !fields[vsize] || !fields[rss]) return std::nullopt;
    return ProcessStat{*fields[utime] + *fields[stime], *fields[starttime], *fields[vsize], *fields[rss]};
}

std::optional<std::uint64_t> parse_boot_time(std::string_view text) {
    constexpr std::string_view key = "\nbtime ";
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + key.size());
    return number(next_word(text));
}

ProcessFacts read_process_facts() {
    ProcessFacts facts;
    const long ticks = ::sysconf(_SC_CLK_TCK);
    const long page = ::sysconf(_SC_PAGESIZE);
    if (const auto stat = parse_process_stat(read_whole("/proc/self/stat")); stat && ticks > 0 && page > 0) {
        const auto per_second = static_cast<double>(ticks);
        facts.cpu_seconds = static_cast<double>(stat->cpu_ticks) / per_second;
        facts.virtual_memory_bytes = stat->virtual_bytes;
        facts.resident_memory_bytes = stat->resident_pages * static_cast<std::uint64_t>(page);
        if (const auto boot = parse_boot_time(read_whole("/proc/stat"))) {
            facts.start_time_seconds = static_cast<double>(*boot) + static_cast<double>(stat->start_ticks) / per_second;
        }
    }
    facts.open_fds = count_open_descriptors();
    if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_fds = limit.rlim_cur;
    return facts;
}

}  // namespace dproxy::telemetry
