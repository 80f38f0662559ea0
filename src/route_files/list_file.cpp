// SPDX-License-Identifier: MIT
#include "route_files/list_file.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "ini/counted.hpp"
#include "ini/excerpt.hpp"
#include "route_files/route_pattern.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";
constexpr std::string_view separators = " \t\r\v\f,";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
/// A pattern takes at most so many bytes more than its text: its kind, its length, a label more or less.
constexpr std::size_t spare_bytes = 4;

class ListReader {
public:
    explicit ListReader(std::string_view file_name) : file_name_(file_name) {}

    ListParse read(std::string_view text) {
        if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
        const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
        routing::PatternListBuilder list(file_name_, text.size() + lines * spare_bytes);
        RoutePattern pattern;
        for (std::uint32_t line = 1; !text.empty(); ++line) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            const std::string_view words = without_comment(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
            if (words.empty()) continue;
            std::string fault = read_line(words, pattern);
            if (fault.empty()) {
                list.add(line, pattern.kind, pattern.name);
                if (std::string doubt = doubt_about_pattern(words); !doubt.empty()) {
                    tell(warnings_, Severity::warning, line, std::move(doubt));
                }
                continue;
            }
            tell(faults_, Severity::error, line, std::move(fault));
            if (faults_.count > max_broken_lines) return refuse();
        }
        return {list.finish(), told(), {}};
    }

private:
    struct Told {
        Diagnostics first;
        std::size_t count = 0;
    };

    static std::string_view without_comment(std::string_view line) {
        const std::size_t begin = line.find_first_not_of(blanks);
        if (begin == std::string_view::npos) return {};
        for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
            if (at > 0 && blanks.find(line[at - 1]) == std::string_view::npos) continue;
            line = line.substr(0, at);
            break;
        }
        if (begin >= line.size()) return {};
        return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
    }

    static std::string read_line(std::string_view words, RoutePattern& pattern) {
        if (words.size() > max_list_line_bytes) {
            return "the line holds " + std::to_string(words.size()) + " bytes; expected at most " +
                   std::to_string(max_list_line_bytes);
        }
        if (words.find_first_of(separators) != std::string_view::npos) {
            return excerpt(words) + " was found; expected one pattern a line";
        }
        return parse_route_pattern(words, pattern);
    }

    void tell(Told& told, Severity severity, std::uint32_t line, std::string message) {
        if (++told.count > max_faults_per_list) return;
        told.first.push_back({severity, file_name_, line, std::move(message)});
    }

    ListParse refuse() {
        warnings_ = {};
        return {nullptr, told(), "has more than " + std::to_string(max_broken_lines) +
                                     " broken lines: it is no list of patterns"};
    }

    /// In the order of the lines.
    Diagnostics told() {
        Diagnostics all = std::move(faults_.first);
        all.insert(all.end(), std::make_move_iterator(warnings_.first.begin()),
                   std::make_move_iterator(warnings_.first.end()));
        std::stable_sort(all.begin(), all.end(),
                         [](const Diagnostic& a, const Diagnostic& b) { return a.line < b.line; });
        if (faults_.count > max_faults_per_list) {
            const auto more = faults_.count - max_faults_per_list;
            all.push_back({Severity::error, file_name_, 0, "and " + counted(more, "more broken line")});
        }
        if (warnings_.count > max_faults_per_list) {
            const auto more = warnings_.count - max_faults_per_list;
            all.push_back({Severity::warning, file_name_, 0, "and " + counted(more, "more warning")});
        }
        return all;
    }

    std::string file_name_;
    Told faults_;
    Told warnings_;
};

}  // namespace

ListParse parse_list(std::string_view text, std::string_view file_name) { return ListReader(file_name).read(text); }

}  // namespace dproxy::config
