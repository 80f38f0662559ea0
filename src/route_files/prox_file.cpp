// SPDX-License-Identifier: MIT
#include "route_files/prox_file.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "ini/counted.hpp"
#include "ini/excerpt.hpp"
#include "ini/ini_reader.hpp"
#include "ini/typed_values.hpp"
#include "net/keyed_hash.hpp"
#include "route_files/route_pattern.hpp"
#include "routing/pattern_text.hpp"

namespace dproxy::config {
namespace {

/// Where in a list; nothing where it stands in the section's header.
std::string in_list(const routing::Duplicate::InList& place) {
    return place.file.empty() ? std::string() : " (" + place.file + ':' + std::to_string(place.line) + ')';
}

/// Those of the first lines, and how many more there are.
struct FirstDiagnostics {
    Diagnostics list;
    std::size_t more = 0;
    bool read_to_end = true;  ///< `more` is all of them

    /// To be called between two parts of a file, as lines only grow from part to part.
    void keep_first() {
        if (list.size() <= max_faults_per_file) return;
        std::stable_sort(list.begin(), list.end(),
                         [](const Diagnostic& a, const Diagnostic& b) { return a.line < b.line; });
        more += list.size() - max_faults_per_file;
        list.resize(max_faults_per_file);
    }
    /// `what`: `more fault`, `more warning`.
    void tell_rest(Severity severity, std::string_view what, std::string_view of_them = "") {
        keep_first();
        if (more == 0 && read_to_end) return;
        const std::string least = read_to_end ? "" : "at least ";
        list.push_back({severity, {}, 0, "and " + least + counted(more, what) + std::string(of_them)});
    }
};

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
        for (auto part = parts.next(); part; part = parts.next()) {
            if (!take_known(*part)) read_part(*part);
            faults_.keep_first();
            warnings_.keep_first();
            left_out_.keep_first();
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

    KnownKeys& known(std::string_view body) { return known_[net::TextHash{}(body) % known_count]; }

    /// Only where nothing can be wrong: everything else is read with an eye on what to say about it.
    bool take_known(const IniPart& part) {
        if (!faults_.list.empty()) return false;
        const auto section = part.plain_section();
        if (!section) return false;
        const KnownKeys& keys = known(part.body);
        if (!keys.settings || keys.body != part.body) return false;
        read_patterns(part.line, *section);
        if (faults_.list.empty()) add_section(part.line, keys.settings, nullptr);
        return true;
    }

    void read_part(const IniPart& part) {
        last_settings_.reset();
        read_events(part.text(), part.line);
        // Before the first header a byte order mark may stand, which nothing means elsewhere.
        const bool is_plain = part.header.data() != nullptr && !has_warned_ && !last_list_;
        if (last_settings_ && is_plain) known(part.body) = {part.body, last_settings_};
    }

    void read_events(std::string_view text, std::uint32_t first_line) {
        std::size_t faults_of_form = 0;
        for (const IniEvent& event : read_ini(text, first_line)) {
            switch (event.kind) {
                case IniEvent::Kind::section:
                    end_section();
                    begin_section(event);
                    break;
                case IniEvent::Kind::key:
                    draft_->set(event.line, event.key, event.text, faults_.list);
                    break;
                case IniEvent::Kind::fault:
                    fault(event.line, event.fault);
                    ++faults_of_form;
                    if (draft_) draft_->spoil();
                    break;
            }
        }
        faults_.read_to_end = faults_.read_to_end && faults_of_form < max_ini_faults;
        end_section();
    }

    void fault(std::uint32_t line, std::string message) {
        faults_.list.push_back({Severity::error, {}, line, std::move(message)});
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
            } else if (std::string doubt = doubt_about_pattern(item); !doubt.empty()) {
                warnings_.list.push_back({Severity::warning, {}, line, std::move(doubt)});
            }
        });
        // `[,]`; for a header that is faulty in itself the fault follows.
        if (label_.empty() && !section.empty()) fault(line, "the section names no pattern");
    }

    void end_section() {
        if (!draft_) return;
        const std::size_t warnings_before = warnings_.list.size();
        auto settings = draft_->finish(options_.text_of, faults_.list, warnings_.list);
        has_warned_ = warnings_.list.size() != warnings_before;
        awaits_interface_ = awaits_interface_ || draft_->awaits_interface();
        last_list_ = settings ? find_list() : nullptr;
        if (settings && faults_.list.empty()) {
            last_settings_ = shared(std::move(*settings));
            add_section(line_, last_settings_, last_list_);
        }
        draft_.reset();
    }

    /// That the section names; null where it names none, or one that cannot be had, which is a fault.
    std::shared_ptr<const routing::PatternList> find_list() {
        const std::string_view name = draft_->list();
        if (name.empty()) return nullptr;
        const NamedList found = options_.list_of ? options_.list_of(name) : NamedList{nullptr, {}, "is not there"};
        if (!found.list) draft_->refuse_list(excerpt(name) + " " + found.fault, faults_.list);
        listed_patterns_ += found.list ? found.list->size() : 0;
        if (listed_patterns_ > max_listed_patterns) {
            draft_->refuse_list("the lists of this file hold more than " + std::to_string(max_listed_patterns) +
                                    " patterns, counted for each section that names them", faults_.list);
        }
        return found.list;
    }

    std::shared_ptr<const routing::RouteSettings> shared(routing::RouteSettings settings) {
        if (options_.pool_mutex == nullptr) return pool_.intern(std::move(settings));
        const std::lock_guard lock(*options_.pool_mutex);
        return pool_.intern(std::move(settings));
    }

    void add_section(std::uint32_t line, std::shared_ptr<const routing::RouteSettings> settings,
                     std::shared_ptr<const routing::PatternList> list) {
        if (options_.owners != nullptr && is_anothers(line, list.get())) return;
        const routing::Audience& audience = settings->audience;
        if (audience.is_everybody()) {
            file_.begin_section(line, label_, std::move(settings));
        } else {
            file_.begin_section(line, audience.label_of(label_), settings);
        }
        for (const RoutePattern& pattern : patterns_) file_.add_pattern(pattern.kind, pattern.name);
        if (list) file_.set_list(std::move(list));
    }

    /// Has a name that the file may not name: told, and left out like a duplicate.
    bool is_anothers(std::uint32_t line, const routing::PatternList* list) {
        const auto refused = [&](routing::PatternKind kind, dns::Bytes name, bool is_listed) {
            const std::string why = options_.owners->refusal(options_.directory, kind, name);
            if (why.empty()) return false;
            const std::string place = is_listed ? in_list({list->name(), list->line(name.data())}) : "";
            left_out_.list.push_back({Severity::error, {}, line,
                                      "the pattern `" + routing::pattern_text(kind, name) + '`' + place + " " + why +
                                          "; this section is left out"});
            return true;
        };
        for (const RoutePattern& pattern : patterns_) {
            if (refused(pattern.kind, pattern.name.wire(), false)) return true;
        }
        if (list == nullptr) return false;
        for (const routing::Pattern pattern : routing::RouteFile::Patterns(list->data(), list->size(), nullptr)) {
            if (refused(pattern.kind, pattern.name, true)) return true;
        }
        return false;
    }

    ProxParse result() {
        const bool good = faults_.list.empty();
        faults_.tell_rest(Severity::error, "more fault");
        warnings_.tell_rest(Severity::warning, "more warning");
        left_out_.tell_rest(Severity::error, "more section", " left out, with names of other owners");
        Diagnostics all = std::move(faults_.list);
        all.insert(all.end(), left_out_.list.begin(), left_out_.list.end());
        all.insert(all.end(), warnings_.list.begin(), warnings_.list.end());
        const auto place = [](const Diagnostic& one) { return one.line - 1; };  // that of the whole file comes last
        std::stable_sort(all.begin(), all.end(),
                         [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
        for (Diagnostic& diagnostic : all) diagnostic.file = file_name_;
        return {good ? file_.finish() : nullptr, std::move(all), awaits_interface_};
    }

    std::string file_name_;
    const ProxOptions& options_;
    routing::SettingsPool& pool_;
    routing::RouteFileBuilder file_;
    std::uint32_t line_ = 0;             ///< of the section being read
    std::string label_;                  ///< of the same
    std::vector<RoutePattern> patterns_;
    std::optional<RouteDraft> draft_;
    FirstDiagnostics faults_;
    FirstDiagnostics warnings_;
    FirstDiagnostics left_out_;  ///< sections
    bool awaits_interface_ = false;
    bool has_warned_ = false;  ///< about the keys of the section that ended last
    std::shared_ptr<const routing::RouteSettings> last_settings_;  ///< of the section that ended last, if good
    std::shared_ptr<const routing::PatternList> last_list_;        ///< of the same, if it names one
    std::uint64_t listed_patterns_ = 0;
    std::array<KnownKeys, known_count> known_{};
};

}  // namespace

ProxParse parse_prox(std::string_view text, std::string_view file_name, const ProxOptions& options,
                     routing::SettingsPool& pool) {
    return ProxReader(file_name, options, pool).read(text);
}

Diagnostic describe(const routing::Duplicate& duplicate) {
    const std::string first = duplicate.first_file + ':' + std::to_string(duplicate.first_line) +
                              in_list(duplicate.first_in_list);
    std::string message = "the pattern `" + duplicate.pattern + '`' + in_list(duplicate.in_list) + " stands ";
    switch (duplicate.why) {
        case routing::Duplicate::Why::stands_already:
            message += "already at " + first;
            break;
        case routing::Duplicate::Why::too_many_sections:
            message += "in " + std::to_string(routing::max_sections_of_a_pattern) +
                       " sections already, the first one at " + first + "; at most so many may have it";
            break;
    }
    return {Severity::error, duplicate.file, duplicate.line, message + "; this section is left out"};
}

}  // namespace dproxy::config
