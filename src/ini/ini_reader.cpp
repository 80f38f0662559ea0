// SPDX-License-Identifier: MIT
// inih decides what a line is and to which section a key belongs. It would also cut long lines and long
// section names, join indented lines to the one before, take `:` for `=` and count no lines: so it is
// given a short stand-in for each line (`[12]`, `key=12`), without white space, comments or quotes, and
// the text itself stays here.
#include "ini/ini_reader.hpp"

#include <ini.h>

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

#include "ini/excerpt.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Without the comment, which begins with `#` or `;` at the start or after white space.
std::string_view without_comment(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if ((text[at] == '#' || text[at] == ';') && (at == 0 || is_blank(text[at - 1]))) return text.substr(0, at);
    }
    return text;
}

/// Letters, digits, `_`, `-`, `.`: nothing that inih would take for something else.
bool is_key_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

class IniText {
public:
    IniText(std::string_view text, std::uint32_t first_line) : rest_(text), line_(first_line - 1) {
        if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    }

    std::vector<IniEvent> read() {
        [[maybe_unused]] const int misread = ini_parse_stream(&IniText::next_line, this, &IniText::take_key, this);
        if (failure_) std::rethrow_exception(failure_);
        assert(misread == 0);
        return std::move(events_);
    }

private:
    /// inih's line reader. Exceptions must not pass through C code: they wait in `failure_`.
    static char* next_line(char* line, int room, void* self) noexcept {
        auto& reader = *static_cast<IniText*>(self);
        try {
            while (!reader.rest_.empty() && !reader.failure_) {
                reader.step();
                if (reader.stand_in_.empty()) continue;
                assert(reader.stand_in_.size() < static_cast<std::size_t>(room));
                reader.stand_in_.copy(line, static_cast<std::size_t>(room) - 1);
                line[std::min(reader.stand_in_.size(), static_cast<std::size_t>(room) - 1)] = '\0';
                return line;
            }
        } catch (...) {
            reader.failure_ = std::current_exception();
        }
        return nullptr;
    }

    /// inih's handler: the key of the line that was read last.
    static int take_key(void* self, const char* section, const char* name, const char*) noexcept {
        auto& reader = *static_cast<IniText*>(self);
        try {
            if (*section != '\0') {
                reader.events_.push_back({IniEvent::Kind::key, reader.line_, name, reader.value_, {}});
            } else if (!std::exchange(reader.told_of_header_, true)) {  // one is missing, however many keys follow
                reader.fault(excerpt(name) + " stands before any section; expected a line `[...]` first");
            }
        } catch (...) {
            reader.failure_ = std::current_exception();
        }
        return 1;
    }

    /// Takes a line off the text and makes its stand-in; empty where inih has nothing to do with it.
    void step() {
        const std::size_t end = rest_.find('\n');
        std::string_view line = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
        ++line_;
        stand_in_.clear();
        if (line.ends_with('\r')) line.remove_suffix(1);

        const std::string_view content = trim(line);
        const bool is_section = content.starts_with('[');
        const std::string unreadable = why_unreadable(line);
        if (!unreadable.empty()) {
            if (is_section) begin_section({});
            // A file in UTF-16 has a NUL in every line.
            const bool has_nul = line.size() <= max_ini_line_bytes;
            if (!has_nul || !std::exchange(told_of_nul_, true)) fault(unreadable);
        } else if (is_section) {
            read_section(content);
        } else if (!without_comment(content).empty()) {
            read_key(content);
        }
    }

    static std::string why_unreadable(std::string_view line) {
        if (line.size() > max_ini_line_bytes) {
            return "the line is " + std::to_string(line.size()) + " bytes long; at most " +
                   std::to_string(max_ini_line_bytes) + " are read";
        }
        if (line.find('\0') != std::string_view::npos) {
            return "the line holds a NUL byte; expected plain text (ASCII or UTF-8)";
        }
        return {};
    }

    void read_section(std::string_view content) {
        const std::string_view header = without_comment(content);
        const std::size_t close = header.find(']');
        if (close == std::string_view::npos) {
            begin_section({});
            return fault(excerpt(trim(header)) + " has no closing bracket; expected `[...]` on one line");
        }
        const std::string_view after = trim(without_comment(header.substr(close + 1)));
        if (!after.empty()) {
            begin_section({});
            return fault(excerpt(after) + " stands after the closing bracket; only a comment may follow it");
        }
        const std::string_view name = trim(header.substr(1, close - 1));
        begin_section(name);
        if (name.empty()) fault("the section is empty; expected something between the brackets");
    }

    void begin_section(std::string_view name) {
        events_.push_back({IniEvent::Kind::section, line_, {}, name, {}});
        stand_in_ = '[' + std::to_string(line_) + ']';
    }

    void read_key(std::string_view content) {
        const std::size_t equals = content.find('=');
        const std::string_view key = trim(content.substr(0, equals));
        const auto wrong = std::find_if_not(key.begin(), key.end(), is_key_character);
        if (equals == std::string_view::npos || key.empty() || wrong != key.end()) {
            return fault(excerpt(trim(without_comment(content))) + " is neither a section nor a key nor a comment; " +
                         "expected `[...]`, `key = value` or `# ...`");
        }
        if (key.size() > max_ini_key_length) {
            return fault("the key " + excerpt(key) + " is " + std::to_string(key.size()) + " bytes long; at most " +
                         std::to_string(max_ini_key_length) + " are read");
        }
        if (!read_value(content.substr(equals))) return;
        stand_in_ = lower(key) + '=' + std::to_string(line_);
    }

    /// `text` begins with the `=`: `=#1` has no comment.
    bool read_value(std::string_view text) {
        const std::string_view value = trim(text.substr(1));
        if (!value.starts_with('"')) {
            value_ = trim(without_comment(text).substr(1));
            return true;
        }
        const std::size_t close = value.find('"', 1);
        if (close == std::string_view::npos) {
            fault("the value " + excerpt(value) + " has no closing quote");
            return false;
        }
        const std::string_view after = trim(without_comment(value.substr(close + 1)));
        if (!after.empty()) {
            fault(excerpt(after) + " stands after the closing quote; only a comment may follow it");
            return false;
        }
        value_ = value.substr(1, close - 1);
        return true;
    }

    void fault(std::string message) {
        events_.push_back({IniEvent::Kind::fault, line_, {}, {}, std::move(message)});
        if (++faults_ == max_ini_faults) rest_ = {};
    }

    std::string_view rest_;
    std::uint32_t line_;
    std::size_t faults_ = 0;
    bool told_of_header_ = false;
    bool told_of_nul_ = false;
    std::string stand_in_;
    std::string_view value_;  ///< of the key that is on its way through inih
    std::exception_ptr failure_;
    std::vector<IniEvent> events_;
};

}  // namespace

std::vector<IniEvent> read_ini(std::string_view text, std::uint32_t first_line) {
    if (text.size() > max_ini_file_bytes) {
        return {{IniEvent::Kind::fault, 0, {}, {},
                 "the file is longer than " + std::to_string(max_ini_file_bytes) + " bytes, the most that is read"}};
    }
    return IniText(text, first_line).read();
}

}  // namespace dproxy::config
