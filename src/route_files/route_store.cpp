// SPDX-License-Identifier: MIT
#include "route_files/route_store.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "ini/counted.hpp"
#include "ini/shown_lines.hpp"
#include "net/keyed_hash.hpp"
#include "route_files/on_threads.hpp"

namespace dproxy::config {

namespace {

/// Behind a message about a file that is read through a link out of its location.
using Names = std::unordered_set<std::string_view, net::TextHash>;

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

/// With the slash at its end: where the files stand that it names.
std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/') + 1); }

bool is_error(const Diagnostic& fault) { return fault.severity == Severity::error; }

/// Errors stay before warnings.
void keep_first(Diagnostics& faults) {
    if (faults.size() <= max_listed_faults) return;
    std::stable_partition(faults.begin(), faults.end(), is_error);
    const Severity severity = faults[max_listed_faults].severity;
    const std::size_t more = faults.size() - max_listed_faults;
    faults.resize(max_listed_faults);
    faults.push_back(whole_file(severity, "routes", "and " + counted(more, "more fault") + " in other files"));
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
        bool outside = false;
        bool parsed = false;
    };
    std::vector<Text> texts{};  ///< of files that were read and not yet looked at

    Reload(const ReloadHints& given, TimePoint when)
        : hints(given),
          now(when),
          touched(given.touched.begin(), given.touched.end()),
          open(given.open.begin(), given.open.end()) {}

    /// `not_first`: at the first reload nothing is held back.
    KnownFile::Hints hints_for(const std::string& name, bool not_first) const {
        return {hints.everything || touched.contains(name), not_first && open.contains(name), hints.unwatched};
    }

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
    lists_.begin_reload();
    texts_.begin_reload();
    Reload reload(hints, now);
    for (std::size_t index = 0; index < locations_.size(); ++index) read_location(index, reload);
    forget_gone_files();
    lists_.forget_gone();
    texts_.forget_gone();
    ReloadResult result = publish();
    result.look_again = reload.look_again;
    return result;
}

void RouteStore::read_location(std::size_t index, Reload& reload) {
    Location& location = locations_[index];
    location.faults.clear();
    DirectorySnapshot snapshot = location.directory.read(
        [&](const std::string& name, const FileIdentity& identity) {
            return choose(key_of(index, name), identity, reload);
        },
        beside_choice(index, reload));
    for (FoundFile& list : snapshot.lists) lists_.take(std::move(list));
    for (FoundFile& text : snapshot.texts) texts_.take(std::move(text));
    for (auto& file : snapshot.files) {
        const Key key{index, file.in_subdirectory, file.found.name};
        const auto stands = entries_.find(key);
        if (reload.found.contains(key.name)) continue;
        const auto at = stands != entries_.end() ? stands : entries_.try_emplace(key).first;
        reload.found.insert(at->first.name);
        take(at->first, std::move(file.found), reload);
    }
    bool whole = true;
    for (const auto& folder : snapshot.unread) {
        whole = whole && !folder.whole_location;
        const std::string prefix = folder.name.ends_with('/') ? folder.name : folder.name + "/";
        lists_.keep(prefix);
        texts_.keep(prefix);
    }
    read_texts(reload);
    for (const auto& folder : snapshot.unread) {
        keep(index, folder, reload);
    }
    location.was_read = location.was_read || whole;
    for (auto& warning : snapshot.warnings) {
        location.faults.push_back(whole_file(Severity::error, warning.name, std::move(warning.message)));
    }
}

RouteStore::Key RouteStore::key_of(std::size_t location, const std::string& name) const {
    const std::size_t below = name.find('/', locations_[location].directory.prefix().size());
    return {location, below != std::string::npos, name};
}

/// As the setting `owners` writes it.
std::string RouteStore::directory_of(const Key& key) const {
    if (!key.in_subdirectory) return std::string(routing::Owners::location_itself);
    const std::size_t begin = locations_[key.location].directory.prefix().size();
    return key.name.substr(begin, key.name.find('/', begin) - begin);
}

/// Decides whether a file is worth reading at this moment.
Reading RouteStore::choose(const Key& key, const FileIdentity& identity, Reload& reload) {
    KnownFile::Hints hints = reload.hints_for(key.name, state_ != nullptr);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
        if (!hints.being_written) return Reading::read;
        found = entries_.try_emplace(key).first;
    }
    Entry& entry = found->second;
    // What it names may be other, and then its text is needed as well.
    hints.to_be_read = hints.to_be_read || entry.awaits_interface || !entry.beside.empty();
    const Reading reading = entry.known.choose(identity, hints, reload.now);
    if (reading == Reading::held) reload.again_at(entry.known.again_at());
    return reading;
}

BesideChoice RouteStore::beside_choice(std::size_t location, Reload& reload) {
    const auto chosen_by = [this, &reload](auto& store) {
        return [this, &reload, &store](const std::string& name, const FileIdentity& identity) {
            const auto hints = reload.hints_for(name, state_ != nullptr);
            return store.choose(name, identity, hints, reload.now, reload.look_again);
        };
    };
    return {[this, location](const FoundFile& file) { return named_by(key_of(location, file.name), file); },
            chosen_by(lists_), chosen_by(texts_)};
}

/// Of a file that is not read, what the text named that was.
FilesBeside RouteStore::named_by(const Key& key, const FoundFile& file) const {
    if (file.state == FoundFile::State::read) return files_named_in(file.text, options_.extension);
    const auto known = entries_.find(key);
    return known == entries_.end() ? FilesBeside() : known->second.beside;
}

void RouteStore::take(const Key& key, FoundFile found, Reload& reload) {
    Entry& entry = entries_.at(key);
    entry.seen = counts_.reloads;
    if (found.state == FoundFile::State::same || found.state == FoundFile::State::held) return;
    entry.known.take(found);
    entry.read_fault = std::move(found.fault);
    if (found.state != FoundFile::State::read) return;
    entry.beside = std::move(found.beside);
    ++counts_.files_read;
    reload.texts.push_back({key, entry, std::move(found.text), found.outside});
}

/// Each text has an entry of its own, so that several threads can share the work.
void RouteStore::read_texts(Reload& reload) {
    const unsigned threads = state_ ? 1 : options_.threads_at_start;
    lists_.parse_taken(threads);
    std::mutex pool_mutex;
    ProxOptions prox = options_.prox;
    prox.capabilities.extension = options_.extension;
    if (threads > 1) prox.pool_mutex = &pool_mutex;
    for_each_on_threads(reload.texts, threads, [&](Reload::Text& one) {
        one.parsed = parse(one.key, one.entry, one.text, one.outside, prox);
        one.text = {};
    });
    for (const Reload::Text& one : reload.texts) counts_.files_parsed += one.parsed ? 1 : 0;
    reload.texts.clear();
}

/// False: the text is the one that was parsed last.
bool RouteStore::parse(const Key& key, Entry& entry, std::string_view text, bool outside,
                       const ProxOptions& options) {
    const std::string folder = folder_of(key.name);
    ContentHash content = hash_of(text);
    bool whole = true;
    bool is_held = false;
    const auto add = [&](const auto& found, bool is_there) {
        is_held = is_held || found.held;
        whole = whole && is_there;
        content.add({reinterpret_cast<const char*>(&found.content), sizeof found.content});
    };
    for (const std::string& name : entry.beside.lists) {
        const NamedList list = lists_.find(folder + name);
        add(list, list.list != nullptr);
    }
    for (const std::string& name : entry.beside.texts) {
        const NamedText found = texts_.find(folder + name);
        add(found, found.text != nullptr);
    }
    if (is_held) return false;  // the file is read again together with it
    if (entry.content == content && entry.outside == outside && !entry.awaits_interface) return false;
    ProxOptions own = options;
    own.list_of = [&](std::string_view name) { return lists_.find(folder + std::string(name)); };
    own.text_of = [&](std::string_view name) { return texts_.find(folder + std::string(name)); };
    const std::string directory = directory_of(key);
    if (!options_.owners.empty()) own.owners = &options_.owners;
    own.directory = directory;
    ProxParse parsed = parse_prox(text, key.name, own, settings_);
    entry.content = content;
    entry.whole = whole;
    entry.outside = outside;
    entry.content_faults = std::move(parsed.diagnostics);
    outside ? hide_lines(entry.content_faults) : show_lines(text, entry.content_faults);
    entry.content_good = parsed.file != nullptr;
    entry.awaits_interface = parsed.awaits_interface;
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
    std::unordered_map<std::string_view, std::size_t, net::TextHash> left_out;  // sections of each file
    for (const auto& duplicate : in_force_.left_out) ++left_out[duplicate.file];
    for (const auto& [key, entry] : entries_) {
        if (!entry.content && entry.read_fault.empty()) continue;  // new, and still being written
        const auto in_part = left_out.find(key.name);
        const std::size_t missing = in_part == left_out.end() ? 0 : in_part->second;
        RouteFileState file{key.name};
        const std::string folder = folder_of(key.name);
        for (const std::string& name : entry.beside.lists) file.lists.push_back(folder + name);
        for (const std::string& name : entry.beside.texts) file.texts.push_back(folder + name);
        const bool good_lists = std::none_of(file.lists.begin(), file.lists.end(),
                                             [this](const std::string& name) { return lists_.has_errors(name); });
        const bool good_content = std::none_of(entry.content_faults.begin(), entry.content_faults.end(), is_error);
        file.valid = entry.read_fault.empty() && entry.content_good && good_content && missing == 0 && good_lists;
        file.in_force = entry.good != nullptr;
        if (entry.read_fault.empty() && entry.whole) file.content = entry.content;
        if (entry.good) {
            file.content_in_force = entry.good_content;
            file.routes = entry.good->section_count() - missing;
        }
        state.files.push_back(std::move(file));
        if (!entry.read_fault.empty()) {
            state.faults.push_back(whole_file(Severity::error, key.name, entry.read_fault));
        }
        state.faults.insert(state.faults.end(), entry.content_faults.begin(), entry.content_faults.end());
    }
    lists_.append_faults(state.faults);
}

/// They are sorted, file by file.
void RouteStore::describe_duplicates(RoutesState& state) const {
    const auto& left_out = in_force_.left_out;
    for (auto first = left_out.begin(); first != left_out.end();) {
        const auto end =
            std::find_if(first, left_out.end(), [&](const auto& other) { return other.file != first->file; });
        const auto count = static_cast<std::size_t>(end - first);
        const std::size_t told = std::min(count, max_faults_per_file);
        for (std::size_t i = 0; i < told; ++i) state.faults.push_back(describe(first[static_cast<std::ptrdiff_t>(i)]));
        if (told < count) {
            state.faults.push_back(whole_file(
                Severity::error, first->file,
                "and " + counted(count - told, "more section") + " left out, with patterns that stand already"));
        }
        first = end;
    }
}

ReloadResult RouteStore::publish() {
    ReloadResult result;
    auto next = std::make_shared<RoutesState>();
    RoutesInForce in_force = files_in_force();
    result.table_changed = unbuilt_ || !state_ || in_force.files != in_force_.files;
    unbuilt_ = result.table_changed;
    if (result.table_changed) {
        ++counts_.tables_built;
        using NamesAbove = routing::RouteTable::NamesAbove;
        const bool denies = options_.no_route_answer == routing::LocalAnswer::nxdomain;
        auto built = routing::RouteTable::build(in_force.files, net::process_hash(),
                                                denies ? NamesAbove::always : NamesAbove::where_needed);
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
    describe_duplicates(*next);
    keep_first(next->faults);
    next->success = std::none_of(next->faults.begin(), next->faults.end(), is_error);
    const bool same = state_ && !result.table_changed && next->faults == state_->faults && next->files == state_->files;
    if (!same) {
        result.new_faults = state_ ? those_not_in(next->faults, state_->faults) : next->faults;
        state_ = std::move(next);
        result.state_changed = true;
    }
    result.state = state_;
    unbuilt_ = false;
    return result;
}

}  // namespace dproxy::config
