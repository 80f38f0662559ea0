// SPDX-License-Identifier: MIT
// The routes in force and what is wrong with them: reads the directories, keeps the last good version of
// each file, builds the table. One owner, the thread that reloads (or the one that
// checks); what it hands out is immutable. It has no clock: time points come in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "ini/diagnostic.hpp"
#include "route_files/content_hash.hpp"
#include "route_files/known_file.hpp"
#include "route_files/label_changes.hpp"
#include "route_files/list_store.hpp"
#include "route_files/prox_file.hpp"
#include "route_files/route_directory.hpp"
#include "route_files/text_store.hpp"
#include "routing/owners.hpp"
#include "routing/route_table.hpp"
#include "routing/settings_pool.hpp"

namespace dproxy::config {

/// Faults that are listed of all files together; the rest is counted.
inline constexpr std::size_t max_listed_faults = 1000;
/// After a folder that did not stand still.
inline constexpr std::chrono::milliseconds moving_folder_pause{200};

/// What is known of the changes since the last reload. Names are `directory/name`, with the directory as
/// in the settings, without slashes at its end.
struct ReloadHints {
    bool everything = false;  ///< read each file, whatever its inode, size and ctime say
    bool unwatched = false;   ///< a look without events: which files are being written is not known
    std::vector<std::string> touched{};
    std::vector<std::string> open{};  ///< modified and not closed yet
};

/// One file that exists, or whose last good version is in force.
struct RouteFileState {
    std::string name;
    bool valid = true;     ///< all that stands in the file and in what it names is in force
    bool in_force = true;  ///< a version of it is, perhaps an older one
    std::optional<ContentHash> content{};           ///< of what stands in it now; nothing where it cannot be read
    std::optional<ContentHash> content_in_force{};  ///< of the version that the table has
    std::size_t routes = 0;                         ///< of that version, without the sections that are left out
    std::vector<std::string> lists{};               ///< that it names, as the messages write them
    std::vector<std::string> texts{};               ///< the same of the files of tls_ keys
    auto operator<=>(const RouteFileState&) const = default;
};

/// What is so after a reload. Immutable; the same pointer for as long as nothing changes.
struct RoutesState {
    std::shared_ptr<const routing::RouteTable> table;
    std::size_t routes = 0;
    std::string hash;      ///< of all content in force and the names of its files: the same on every pod
    bool success = false;  ///< there is no fault (warnings apart)
    /// Those that hold now: directories, then files in their order, then duplicates. At most max_faults_per_file of a
    /// file and max_listed_faults of all; how many more there are is said in a last one.
    Diagnostics faults;
    std::vector<RouteFileState> files;  ///< in the order of precedence
};

struct ReloadResult {
    std::shared_ptr<const RoutesState> state;
    bool state_changed = false;  ///< `state` is another one than before
    bool table_changed = false;  ///< and so is its table; true for the first load
    LabelChanges changes;        ///< of the table
    Diagnostics new_faults;      ///< those that were not in force before: to be logged, each once
    /// Something was left for later (a file not yet closed, a folder that moved): reload again then.
    std::optional<std::chrono::steady_clock::time_point> look_again;
};

struct RouteStoreOptions {
    std::vector<std::string> locations;  ///< in the order of precedence
    std::string extension = ".prox";
    ProxOptions prox{};
    FolderLimits limits{};
    routing::Owners owners{};  ///< which subdirectory may name what
    /// Of Settings: tables know the names above patterns where it says NXDOMAIN.
    routing::LocalAnswer no_route_answer = routing::LocalAnswer::refused;
    /// That read files at the first reload. Later ones take one, the caller's: the data path needs the CPUs then.
    unsigned threads_at_start = 1;
};

/// Since the store began.
struct RouteStoreCounts {
    std::uint64_t reloads = 0;
    std::uint64_t files_read = 0;
    std::uint64_t files_parsed = 0;
    std::uint64_t tables_built = 0;
};

class RouteStore {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit RouteStore(RouteStoreOptions options);

    /// Never fails: what cannot be read or parsed becomes a fault, and its last good version stays.
    ReloadResult reload(const ReloadHints& hints, TimePoint now);
    const RouteStoreCounts& counts() const { return counts_; }

private:
    /// In the order of DirectorySnapshot.
    struct Key {
        std::size_t location;
        bool in_subdirectory;
        std::string name;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        KnownFile known{};
        FilesBeside beside{};                  ///< that the text names, read last
        std::optional<ContentHash> content{};  ///< of what was parsed last, with what it names
        bool whole = true;                     ///< of the same: all that it names was there
        bool outside = false;                  ///< of the same: FoundFile::outside
        Diagnostics content_faults{};          ///< of the same
        bool content_good = false;
        bool awaits_interface = false;         ///< of the same: to be parsed again although it is the same
        std::string read_fault{};  ///< why it could not be read this time; empty where it could
        std::shared_ptr<const routing::RouteFile> good{};
        ContentHash good_content{};
        std::uint64_t seen = 0;  ///< the reload that found it last
    };
    struct Location {
        RouteDirectory directory;
        bool was_read = false;
        Diagnostics faults{};
    };
    struct Reload;

    void read_location(std::size_t index, Reload& reload);
    Reading choose(const Key& key, const FileIdentity& identity, Reload& reload);
    BesideChoice beside_choice(std::size_t location, Reload& reload);
    FilesBeside named_by(const Key& key, const FoundFile& file) const;
    void take(const Key& key, FoundFile found, Reload& reload);
    void read_texts(Reload& reload);
    Key key_of(std::size_t location, const std::string& name) const;
    std::string directory_of(const Key& key) const;
    bool parse(const Key& key, Entry& entry, std::string_view text, bool outside, const ProxOptions& options);
    void keep(std::size_t index, const UnreadFolder& folder, Reload& reload);
    void forget_gone_files();
    RoutesInForce files_in_force() const;
    ContentHash hash_in_force() const;
    void describe_files(RoutesState& state) const;
    void describe_duplicates(RoutesState& state) const;
    ReloadResult publish();

    RouteStoreOptions options_;
    std::vector<Location> locations_;
    std::map<Key, Entry> entries_;
    ListStore lists_;
    TextStore texts_;
    routing::SettingsPool settings_;
    RoutesInForce in_force_;
    bool unbuilt_ = false;  ///< what changed is in no table yet: there was no memory
    std::shared_ptr<const RoutesState> state_;
    RouteStoreCounts counts_;
};

}  // namespace dproxy::config
