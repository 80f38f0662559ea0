// SPDX-License-Identifier: MIT
#include "config/route_store.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/on_threads.hpp"

namespace dproxy::config {

namespace {

using Names = std::unordered_set<std::string_view>;

Diagnostic whole_file(Severity severity, std::string name, std::string message) {
    return {severity, std::move(name), 0, std::move(message)};
}

Diagnostics those_not_in(Diagnostics faults, Diagnostics known) {
    std::sort(known.begin(), known.end());
    std::erase_if(faults, [&known](const Diagnostic& fault) {
        return std::binary_search(known.begin(), known.end(), fault);
    });
    return faults;
}

}  // namespace

/// One reload while it goes on.
struct RouteStore::Reload {
    const ReloadHints& hints;
    TimePoint now;
    Names touched;
    Names open;
    Names found{};  ///< names that stand already: locations may overlap
    std::optional<TimePoint> look_again{};
    struct Text {
        const Key& key;
        Entry& entry;
        std::string text;
        bool parsed = false;
    };
    std::vector<Text> texts{};  ///< of files that were read and not yet looked at

    Reload(const ReloadHints& given, TimePoint when)
        : hints(given),
          now(when),
          touched(given.touched.begin(), given.touched.end()),
          open(given.open.begin(), given.open.end()) {}

    void again_at(TimePoint when) {
        if (!look_again || when < *look_again) look_again = when;
    }
};

RouteStore::RouteStore(RouteStoreOptions options) : options_(std::move(options)) {
    for (const auto& location : options_.locations) {
        RouteDirectory directory(location, options_.extension, options_.limits);
        const bool known = std::any_of(locations_.begin(), locations_.end(), [&directory](const Location& other) {
            return other.directory.name() == directory.name();
        });
        if (!known) locations_.push_back({std::move(directory)});
    }
}

ReloadResult RouteStore::reload(const ReloadHints& hints, TimePoint now) {
    ++counts_.reloads;
    Reload reload(hints, now);
    for (std::size_t index = 0; index < locations_.size(); ++index) read_location(index, reload);
    forget_gone_files();
    ReloadResult result = publish();
    result.look_again = reload.look_again;
    return result;
}

void RouteStore::read_location(std::size_t index, Reload& reload) {
    Location& location = locations_[index];
    location.faults.clear();
    DirectorySnapshot snapshot = location.directory.read([&](const std::string& name, const FileIdentity& identity) {
        const std::size_t below = name.find('/', location.directory.prefix().size());
        return choose({index, below != std::string::npos, name}, identity, reload);
    });
    for (auto& file : snapshot.files) {
        const Key key{index, file.in_subdirectory, file.found.name};
        const auto stands = entries_.find(key);
        if (reload.found.contains(key.name)) continue;
        const auto at = stands != entries_.end() ? stands : entries_.try_emplace(key).first;
        reload.found.insert(at->first.name);
        take(at->first, std::move(file.found), reload);
    }
    read_texts(reload);
    bool whole = true;
    for (const auto& folder : snapshot.unread) {
        whole = whole && !folder.whole_location;
        keep(index, folder, reload);
    }
    location.was_read = location.was_read || whole;
    for (auto& warning : snapshot.warnings) {
        location.faults.push_back(whole_file(Severity::error, warning.name, std::move(warning.message)));
    }
}

/// Decides whether a file is worth reading at this moment.
Reading RouteStore::choose(const Key& key, const FileIdentity& identity, Reload& reload) {
    const bool being_written = state_ && reload.open.contains(key.name);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
        if (!being_written) return Reading::read;
        found = entries_.try_emplace(key).first;
    }
    Entry& entry = found->second;
    const bool untouched = !reload.hints.everything && !reload.touched.contains(key.name) &&
                           !being_written && !entry.held_since;
    if (untouched && entry.settled && entry.identity == identity) return Reading::same;

    // Another inode came by rename or was created anew: only what changes in place may be half written.
    const bool moves_unseen = reload.hints.unwatched && entry.identity.inode == identity.inode &&
                              entry.identity != identity && entry.held_identity != identity;
    if (!being_written && !moves_unseen) {
        entry.held_since.reset();
        return Reading::read;
    }
    if (!entry.held_since) entry.held_since = reload.now;
    entry.held_identity = identity;
    const TimePoint end = *entry.held_since + max_hold;
    if (reload.now >= end) return Reading::read;
    reload.again_at(being_written ? end : std::min(end, reload.now + hold_without_events));
    return Reading::held;
}

void RouteStore::take(const Key& key, FoundFile found, Reload& reload) {
    Entry& entry = entries_.at(key);
    entry.seen = counts_.reloads;
    if (found.state == FoundFile::State::same || found.state == FoundFile::State::held) return;
    entry.identity = found.identity;
    entry.settled = found.settled && found.state == FoundFile::State::read;
    entry.read_fault = std::move(found.fault);
    if (found.state != FoundFile::State::read) return;
    ++counts_.files_read;
    reload.texts.push_back({key, entry, std::move(found.text)});
}

/// Each text has an entry of its own, so that several threads can share the work.
void RouteStore::read_texts(Reload& reload) {
    const unsigned threads = state_ ? 1 : options_.threads_at_start;
    std::mutex pool_mutex;
    ProxOptions prox = options_.prox;
    if (threads > 1) prox.pool_mutex = &pool_mutex;
    for_each_on_threads(reload.texts, threads, [&](Reload::Text& one) {
        one.parsed = parse(one.key, one.entry, one.text, prox);
        one.text = {};
    });
    for (const Reload::Text& one : reload.texts) counts_.files_parsed += one.parsed ? 1 : 0;
    reload.texts.clear();
}

/// False: the text is the one that was parsed last.
bool RouteStore::parse(const Key& key, Entry& entry, std::string_view text, const ProxOptions& options) {
    const ContentHash content = hash_of(text);
    if (entry.content == content) return false;
    entry.content = content;
    ProxParse parsed = parse_prox(text, key.name, options, settings_);
    entry.content_faults = std::move(parsed.diagnostics);
    entry.content_good = parsed.file != nullptr;
    if (!entry.content_good) return true;
    entry.good = std::move(parsed.file);
    entry.good_content = *entry.content;
    return true;
}

/// A folder that cannot be read keeps all that was known of it.
void RouteStore::keep(std::size_t index, const UnreadFolder& folder, Reload& reload) {
    Location& location = locations_[index];
    bool kept = false;
    for (auto at = entries_.lower_bound({index, false, {}}); at != entries_.end(); ++at) {
        if (at->first.location != index) break;
        const bool inside = at->first.in_subdirectory && at->first.name.starts_with(folder.name + "/");
        if (!folder.whole_location && !inside) continue;
        at->second.seen = counts_.reloads;
        reload.found.insert(at->first.name);
        kept = kept || at->second.good != nullptr;
    }
    if (folder.moving) reload.again_at(reload.now + moving_folder_pause);
    // A dangling link beside the files is nobody's fault as long as nothing was ever read through it.
    if (folder.missing && !folder.whole_location && !kept) return;
    std::string message = folder.missing ? "there is no such directory" : folder.fault;
    if (folder.missing && location.was_read) message = "the directory has vanished";
    if (kept) message += "; its last good routes stay in force";
    // A directory may come later than the program: that alone is no fault.
    const bool awaited = folder.missing && folder.whole_location && !location.was_read;
    location.faults.push_back(
        whole_file(awaited ? Severity::warning : Severity::error, folder.name, std::move(message)));
}

void RouteStore::forget_gone_files() {
    std::erase_if(entries_, [this](const auto& item) { return item.second.seen != counts_.reloads; });
}

RoutesInForce RouteStore::files_in_force() const {
    RoutesInForce routes;
    for (const auto& [key, entry] : entries_) {
        if (entry.good) routes.files.push_back(entry.good);
    }
    return routes;
}

ContentHash RouteStore::hash_in_force() const {
    ContentHash hash;
    for (const auto& [key, entry] : entries_) {
        if (!entry.good) continue;
        hash.add(key.name);
        hash.add({reinterpret_cast<const char*>(&entry.good_content), sizeof entry.good_content});
    }
    return hash;
}

void RouteStore::describe_files(RoutesState& state) const {
    for (const auto& location : locations_) {
        state.faults.insert(state.faults.end(), location.faults.begin(), location.faults.end());
    }
    std::unordered_set<std::string_view> in_part;  // files with a section that is left out
    for (const auto& duplicate : in_force_.left_out) in_part.insert(duplicate.file);
    for (const auto& [key, entry] : entries_) {
        if (!entry.content && entry.read_fault.empty()) continue;  // new, and still being written
        const bool valid = entry.read_fault.empty() && entry.content_good && !in_part.contains(key.name);
        state.files.push_back({key.name, valid, entry.good != nullptr});
        if (!entry.read_fault.empty()) {
            state.faults.push_back(whole_file(Severity::error, key.name, entry.read_fault));
        }
        state.faults.insert(state.faults.end(), entry.content_faults.begin(), entry.content_faults.end());
    }
}

ReloadResult RouteStore::publish() {
    ReloadResult result;
    auto next = std::make_shared<RoutesState>();
    RoutesInForce in_force = files_in_force();
    result.table_changed = !state_ || in_force.files != in_force_.files;
    if (result.table_changed) {
        ++counts_.tables_built;
        auto built = routing::RouteTable::build(in_force.files);
        in_force.left_out = std::move(built.duplicates);
        std::sort(in_force.left_out.begin(), in_force.left_out.end());
        result.changes = changes_between(in_force_, in_force);
        in_force_ = std::move(in_force);
        next->table = std::move(built.table);
        next->hash = hash_in_force().to_string();
        settings_.forget_unused();
    } else {
        next->table = state_->table;
        next->hash = state_->hash;
    }
    next->routes = next->table->route_count();
    describe_files(*next);
    for (const auto& duplicate : in_force_.left_out) next->faults.push_back(describe(duplicate));
    next->success = std::none_of(next->faults.begin(), next->faults.end(), [](const Diagnostic& fault) {
        return fault.severity == Severity::error;
    });
    const bool same = state_ && !result.table_changed && next->faults == state_->faults && next->files == state_->files;
    if (!same) {
        result.new_faults = state_ ? those_not_in(next->faults, state_->faults) : next->faults;
        state_ = std::move(next);
        result.state_changed = true;
    }
    result.state = state_;
    return result;
}

}  // namespace dproxy::config
