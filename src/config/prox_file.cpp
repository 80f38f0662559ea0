// SPDX-License-Identifier: MIT
#include "config/prox_file.hpp"

#include <algorithm>
#include <array>
#include <functional>
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
        if (text.size() > max_ini_file_bytes) {
            read_events(text, 1);
            return result();
        }
        IniParts parts(text);
        for (auto part = parts.next(); part && faults_.size() <= max_faults_per_file; part = parts.next()) {
            if (!take_known(*part)) read_part(*part);
        }
        return result();
    }

private:
    /// The keys of a section that were read before: most sections of a large file say the same.
    struct KnownKeys {
        std::string_view body;
        std::shared_ptr<const routing::RouteSettings> settings;
    };
    static constexpr std::size_t known_count = 64;

    KnownKeys& known(std::string_view body) { return known_[std::hash<std::string_view>{}(body) % known_count]; }

    /// Only where nothing can be wrong: everything else is read with an eye on what to say about it.
    bool take_known(const IniPart& part) {
        if (!faults_.empty()) return false;
        const auto section = part.plain_section();
        if (!section) return false;
        const KnownKeys& keys = known(part.body);
        if (!keys.settings || keys.body != part.body) return false;
        read_patterns(part.line, *section);
        if (faults_.empty()) add_section(part.line, keys.settings);
        return true;
    }

    void read_part(const IniPart& part) {
        last_settings_.reset();
        read_events(part.text(), part.line);
        // Before the first header a byte order mark may stand, which nothing means elsewhere.
        if (last_settings_ && part.header.data() != nullptr) known(part.body) = {part.body, last_settings_};
    }

    void read_events(std::string_view text, std::uint32_t first_line) {
        for (const IniEvent& event : read_ini(text, first_line)) {
            switch (event.kind) {
                case IniEvent::Kind::section:
                    end_section();
                    begin_section(event);
                    break;
                case IniEvent::Kind::key:
                    draft_->set(event.line, event.key, event.text, faults_);
                    break;
                case IniEvent::Kind::fault:
                    fault(event.line, event.fault);
                    if (draft_) draft_->spoil();
                    break;
            }
            if (faults_.size() > max_faults_per_file) {
                if (draft_) draft_->spoil();
                break;
            }
        }
        end_section();
    }

    void fault(std::uint32_t line, std::string message) {
        faults_.push_back({Severity::error, {}, line, std::move(message)});
    }

    void begin_section(const IniEvent& event) {
        line_ = event.line;
        draft_.emplace(event.line, options_.capabilities);
        read_patterns(event.line, event.text);
    }

    void read_patterns(std::uint32_t line, std::string_view section) {
        label_.clear();
        patterns_.clear();
        for_each_item(section, [&](std::string_view item) {
            if (!label_.empty()) label_ += ' ';
            label_ += item;
            if (std::string wrong = parse_route_pattern(item, patterns_.emplace_back()); !wrong.empty()) {
                patterns_.pop_back();
                fault(line, std::move(wrong));
            }
        });
        // `[,]`; for a header that is faulty in itself the fault follows.
        if (label_.empty() && !section.empty()) fault(line, "the section names no pattern");
    }

    void end_section() {
        if (!draft_) return;
        auto settings = draft_->finish(faults_);
        if (settings && faults_.empty()) {
            last_settings_ = shared(std::move(*settings));
            add_section(line_, last_settings_);
        }
        draft_.reset();
    }

    std::shared_ptr<const routing::RouteSettings> shared(routing::RouteSettings settings) {
        if (options_.pool_mutex == nullptr) return pool_.intern(std::move(settings));
        const std::lock_guard lock(*options_.pool_mutex);
        return pool_.intern(std::move(settings));
    }

    void add_section(std::uint32_t line, std::shared_ptr<const routing::RouteSettings> settings) {
        file_.begin_section(line, label_, std::move(settings));
        for (const RoutePattern& pattern : patterns_) file_.add_pattern(pattern.kind, pattern.name);
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
    std::uint32_t line_ = 0;             ///< of the section being read
    std::string label_;                  ///< of the same
    std::vector<RoutePattern> patterns_;
    std::optional<RouteDraft> draft_;
    Diagnostics faults_;
    std::shared_ptr<const routing::RouteSettings> last_settings_;  ///< of the section that ended last, if good
    std::array<KnownKeys, known_count> known_{};
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
