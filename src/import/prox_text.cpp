// SPDX-License-Identifier: MIT
#include "import/prox_text.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "import/draft.hpp"
#include "ini/excerpt.hpp"
#include "ini/ini_reader.hpp"
#include "ini/typed_values.hpp"
#include "net/keyed_hash.hpp"
#include "route_files/prox_file.hpp"
#include "route_files/route_pattern.hpp"
#include "routing/pattern_text.hpp"

namespace dproxy::foreign {
namespace {

using routing::PatternKind;

/// A header longer than this begins another section: lists of names stay readable.
constexpr std::size_t usual_header_bytes = 100;

/// Which queries alone see the section: the same text for the same networks.
std::string audience_of(const Section& section) {
    std::vector<std::string> networks;
    if (const auto clients = config::parse_networks(section.get("clients"))) {
        for (const auto& network : clients->networks()) networks.push_back(network.to_string());
        std::sort(networks.begin(), networks.end());
    }
    return joined(networks) + '|' + std::string(section.get("types"));
}

/// A pattern in a header: between brackets and with others, where commas, comments and brackets have a meaning.
std::string header_text(std::string_view pattern) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789-_.*/";
    std::string text;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const bool escaped = pattern[at] == '\\' && at + 1 < pattern.size();
        if (escaped) ++at;
        const auto byte = static_cast<unsigned char>(pattern[at]);
        if (escaped && byte >= '0' && byte <= '9') {
            text += '\\';
            text += pattern.substr(at, 3);
            at += 2;
        } else if (plain.find(pattern[at]) != std::string_view::npos) {
            if (escaped) text += '\\';
            text += pattern[at];
        } else {
            text += '\\';
            for (const int divisor : {100, 10, 1}) text += static_cast<char>('0' + byte / divisor % 10);
        }
    }
    return text;
}

std::string body_of(const Section& section) {
    std::string text;
    for (const auto& [key, value] : section.keys) text += "\t" + key + "\t= " + value + "\n";
    return text;
}

std::string header_of(const Section& section) {
    std::string text = "[";
    for (const auto& pattern : section.patterns) text += (text.size() > 1 ? " " : "") + pattern;
    return text + "]\n";
}

std::string text_of(const std::vector<Section>& sections) {
    std::string text;
    for (const Section& section : sections) {
        text += "\n";
        if (section.line != 0) text += "# line " + std::to_string(section.line) + "\n";
        text += header_of(section) + body_of(section);
    }
    return text;
}

/// What is written may be read by a dproxy that has TLS, on a machine that has the files.
class AnyEncryption final : public config::EncryptionCheck {
public:
    std::string authorities_fault(const routing::TextBeside&) const override { return {}; }
    std::string identity_fault(const routing::TextBeside&, const routing::TextBeside&) const override { return {}; }
    bool is_pin(std::string_view) const override { return true; }
};

class Writer {
public:
    explicit Writer(Draft& draft) : draft_(draft) {}

    void write(Section section) {
        keep_good_patterns(section);
        if (!section.patterns.empty()) bring_authorities(section);
        while (!section.patterns.empty()) write_part(take_header(section));
    }

    std::vector<Section> finish() {
        flush();
        return std::move(sections_);
    }

private:
    /// A route file names files beside itself, without a path.
    void bring_authorities(Section& section) {
        for (auto& [key, value] : section.keys) {
            const auto slash = value.rfind('/');
            if (key != "tls_ca" || slash == std::string::npos) continue;
            const std::string path = std::exchange(value, value.substr(slash + 1));
            if (!brought_.insert(path).second) continue;
            draft_.leave_out(section.line, "`tls_ca` names a file beside the route file: copy " +
                                               config::excerpt(path) + " there as " + config::excerpt(value));
        }
    }

    /// As many of the patterns as one header holds.
    static Section take_header(Section& section) {
        Section part{section.line, {}, section.keys};
        std::size_t bytes = 2, count = 0;
        while (count < section.patterns.size()) {
            bytes += section.patterns[count].size() + 1;
            if (bytes > config::max_ini_line_bytes && count > 0) break;
            ++count;
        }
        const auto end = section.patterns.begin() + static_cast<std::ptrdiff_t>(count);
        part.patterns.assign(section.patterns.begin(), end);
        section.patterns.erase(section.patterns.begin(), end);
        return part;
    }

    void write_part(Section section) {
        if (!is_good(section)) return;
        remember(section);
        if (joins(section)) {
            held_.patterns.insert(held_.patterns.end(), section.patterns.begin(), section.patterns.end());
            return;
        }
        flush();
        held_ = std::move(section);
    }

    /// Patterns as dproxy writes them, those that can be read and are new.
    void keep_good_patterns(Section& section) {
        const std::string audience = audience_of(section);
        std::vector<std::string> good;
        for (const auto& text : section.patterns) {
            const auto pattern = config::parse_route_pattern(text);
            if (!pattern) {
                draft_.leave_out(section.line, pattern.fault);
                continue;
            }
            std::string written = header_text(routing::pattern_text(pattern->kind, pattern->name.wire()));
            if (const std::uint32_t first = find(written, audience); first != 0) {
                draft_.leave_out(section.line, "the pattern " + written + " comes from line " + std::to_string(first) +
                                                   " already; it is left out here");
            } else if (std::find(good.begin(), good.end(), written) == good.end()) {
                good.push_back(std::move(written));
            }
        }
        section.patterns = std::move(good);
    }

    /// `x` and `*.x` of `.x`, the one pattern else.
    template <typename Take>
    static void for_each_part(const std::string& pattern, const Take& take) {
        if (pattern.starts_with('.')) {
            take(pattern.substr(1));
            take("*" + pattern);
        } else {
            take(pattern);
        }
    }

    /// The line of the section that has the pattern already, or a part of it; 0: none.
    std::uint32_t find(const std::string& pattern, const std::string& audience) const {
        std::uint32_t line = 0;
        for_each_part(pattern, [&](const std::string& part) {
            const auto found = lines_.find(part + ' ' + audience);
            if (line == 0 && found != lines_.end()) line = found->second;
        });
        return line;
    }

    void remember(const Section& section) {
        const std::string audience = audience_of(section);
        for (const auto& pattern : section.patterns) {
            for_each_part(pattern, [&](const std::string& part) {
                lines_.emplace(part + ' ' + audience, std::max(section.line, 1U));
            });
        }
    }

    /// Read by the same code as every route file: the last word on what can be said. Each header alone is short enough.
    /// A good pattern alone in its header is no reason to read once more what was good with others.
    bool is_good(const Section& section) {
        std::string body = body_of(section);
        if (section.patterns.size() == 1 && good_bodies_.contains(body)) return true;
        config::ProxOptions options;
        options.capabilities.encryption = &any_encryption_;
        options.text_of = [](std::string_view) { return config::NamedText{std::make_shared<const std::string>()}; };
        const auto parsed = config::parse_prox(header_of(section) + body, draft_.file(), options, pool_);
        for (const auto& fault : parsed.diagnostics) {
            if (fault.severity == config::Severity::error) {
                draft_.leave_out(section.line, "left out, as a route file cannot say it: " + fault.message);
                return false;
            }
        }
        good_bodies_.insert(std::move(body));
        return true;
    }

    /// It says the same as the section before.
    bool joins(const Section& section) const {
        if (held_.patterns.empty() || held_.keys != section.keys) return false;
        std::size_t bytes = 0;
        for (const auto* patterns : {&held_.patterns, &section.patterns}) {
            for (const auto& pattern : *patterns) bytes += pattern.size() + 1;
        }
        return bytes <= usual_header_bytes;
    }

    void flush() {
        if (!held_.patterns.empty()) sections_.push_back(std::move(held_));
        held_ = {};
    }

    Draft& draft_;
    std::vector<Section> sections_;  ///< as they will be written
    Section held_;
    routing::SettingsPool pool_;
    const AnyEncryption any_encryption_{};
    std::unordered_set<std::string> brought_;  ///< paths of files that were told of
    std::unordered_set<std::string, net::TextHash, std::equal_to<>> good_bodies_;
    std::unordered_map<std::string, std::uint32_t, net::TextHash, std::equal_to<>> lines_;
};

}  // namespace

ProxText prox_text(Draft& draft, std::string_view source, std::string_view called) {
    Writer writer(draft);
    for (auto& section : draft.sections()) writer.write(std::move(section));
    draft.sections().clear();
    std::vector<Section> sections = writer.finish();
    const std::string head =
        "# Made by dproxy import of " + config::excerpt(draft.file()) + ", read as " + std::string(source) + ".\n";
    ProxText result{head + text_of(sections), {}};
    if (result.text.size() > config::max_ini_file_bytes && !called.empty()) {
        result.lists = take_lists(sections, called);
        result.text = head + text_of(sections);
    }
    if (result.text.size() > config::max_ini_file_bytes) {
        const std::string_view advice = called.empty()
                                            ? "`--to FILE` puts names of sections that are alike into lists beside FILE"
                                            : "cut it between two sections into several files";
        draft.leave_out(0, "the result has " + std::to_string(result.text.size()) + " bytes and a route file at most " +
                               std::to_string(config::max_ini_file_bytes) + ": " + std::string(advice));
    }
    return result;
}

}  // namespace dproxy::foreign
