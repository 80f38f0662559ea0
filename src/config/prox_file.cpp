// SPDX-License-Identifier: MIT
#include "config/prox_file.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "config/ini_reader.hpp"
#include "config/route_pattern.hpp"
#include "config/typed_values.hpp"

namespace dproxy::config {
namespace {

class ProxReader {
public:
    ProxReader(std::string_view file_name, const ProxOptions& options, routing::SettingsPool& pool)
        : file_name_(file_name), options_(options), pool_(pool), file_(file_name_) {}

    ProxParse read(std::string_view text) {
        for (const IniEvent& event : read_ini(text)) {
            switch (event.kind) {
                case IniEvent::Kind::section:
                    end_section();
                    begin_section(event);
                    break;
                case IniEvent::Kind::key:
                    section_->draft.set(event.line, event.key, event.text, faults_);
                    break;
                case IniEvent::Kind::fault:
                    fault(event.line, event.fault);
                    if (section_) section_->draft.spoil();
                    break;
            }
            if (faults_.size() > max_faults_per_file) {
                if (section_) section_->draft.spoil();
                break;
            }
        }
        end_section();
        return result();
    }

private:
    struct Section {
        std::uint32_t line;
        std::string label;
        std::vector<RoutePattern> patterns;
        RouteDraft draft;
    };

    void fault(std::uint32_t line, std::string message) {
        faults_.push_back({Severity::error, {}, line, std::move(message)});
    }

    void begin_section(const IniEvent& event) {
        section_.emplace(Section{event.line, {}, {}, RouteDraft(event.line, options_.capabilities)});
        for (const std::string_view item : split_list(event.text)) {
            if (!section_->label.empty()) section_->label += ' ';
            section_->label += item;
            auto pattern = parse_route_pattern(item);
            if (pattern) {
                section_->patterns.push_back(*pattern);
            } else {
                fault(event.line, std::move(pattern.fault));
            }
        }
        // `[,]`; for a header that is faulty in itself the fault follows.
        if (section_->label.empty() && !event.text.empty()) fault(event.line, "the section names no pattern");
    }

    void end_section() {
        if (!section_) return;
        auto settings = section_->draft.finish(faults_);
        if (settings && faults_.empty()) {
            file_.begin_section(section_->line, section_->label, pool_.intern(std::move(*settings)));
            for (const RoutePattern& pattern : section_->patterns) file_.add_pattern(pattern.kind, pattern.name);
        }
        section_.reset();
    }

    ProxParse result() {
        if (faults_.empty()) return {file_.finish(), {}};
        std::stable_sort(faults_.begin(), faults_.end(),
                         [](const Diagnostic& a, const Diagnostic& b) { return a.line < b.line; });
        if (faults_.size() > max_faults_per_file) {
            faults_.resize(max_faults_per_file);
            fault(0, "there are more faults; only the first " + std::to_string(max_faults_per_file) + " are listed");
        }
        for (Diagnostic& diagnostic : faults_) diagnostic.file = file_name_;
        return {nullptr, std::move(faults_)};
    }

    std::string file_name_;
    const ProxOptions& options_;
    routing::SettingsPool& pool_;
    routing::RouteFileBuilder file_;
    std::optional<Section> section_;  ///< the one being read
    Diagnostics faults_;
};

}  // namespace

ProxParse parse_prox(std::string_view text, std::string_view file_name, const ProxOptions& options,
                     routing::SettingsPool& pool) {
    return ProxReader(file_name, options, pool).read(text);
}

Diagnostic describe(const routing::Duplicate& duplicate) {
    return {Severity::error, duplicate.file, duplicate.line,
            "the pattern `" + duplicate.pattern + "` stands already at " + duplicate.first_file + ':' +
                std::to_string(duplicate.first_line) + "; this section is left out"};
}

}  // namespace dproxy::config
