// SPDX-License-Identifier: MIT
// The routes in force and what is wrong with them: reads the directories, keeps the last good version of
// each file, builds the table (DESIGN 2.2, 2.5). One owner, the thread that reloads (or the one that
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

#include "config/content_hash.hpp"
#include "config/diagnostic.hpp"
#include "config/label_changes.hpp"
#include "config/prox_file.hpp"
#include "config/route_directory.hpp"
#include "routing/route_table.hpp"
#include "routing/settings_pool.hpp"

namespace dproxy::config {

/// A file that was modified and not closed keeps its last good routes at most this long.
inline constexpr std::chrono::milliseconds max_hold{2000};
/// Without events, a file that changes in place is taken when it stands still this long.
inline constexpr std::chrono::milliseconds hold_without_events{250};
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
    bool valid = true;     ///< all that stands in the file now is in force
    bool in_force = true;  ///< a version of it is, perhaps an older one
    auto operator<=>(const RouteFileState&) const = default;
};

/// What is so after a reload. Immutable; the same pointer for as long as nothing changes.
struct RoutesState {
    std::shared_ptr<const routing::RouteTable> table;
    std::size_t routes = 0;
    std::string hash;      ///< of all content in force and the names of its files: the same on every pod
    bool success = false;  ///< there is no fault (warnings apart)
    Diagnostics faults;    ///< all that hold now: directories, then files in their order, then duplicates
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
    /// In the order of DESIGN 2.1.
    struct Key {
        std::size_t location;
        bool in_subdirectory;
        std::string name;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        FileIdentity identity{};
        bool settled = false;  ///< the identity can be relied on
        std::optional<ContentHash> content{};  ///< of what was parsed last
        Diagnostics content_faults{};          ///< of the same
        bool content_good = false;
        std::string read_fault{};  ///< why it could not be read this time; empty where it could
        std::shared_ptr<const routing::RouteFile> good{};
        ContentHash good_content{};
        std::optional<TimePoint> held_since{};
        FileIdentity held_identity{};
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
    void take(const Key& key, FoundFile found, Reload& reload);
    void read_texts(Reload& reload);
    bool parse(const Key& key, Entry& entry, std::string_view text, const ProxOptions& options);
    void keep(std::size_t index, const UnreadFolder& folder, Reload& reload);
    void forget_gone_files();
    RoutesInForce files_in_force() const;
    ContentHash hash_in_force() const;
    void describe_files(RoutesState& state) const;
    ReloadResult publish();

    RouteStoreOptions options_;
    std::vector<Location> locations_;
    std::map<Key, Entry> entries_;
    routing::SettingsPool settings_;
    RoutesInForce in_force_;
    std::shared_ptr<const RoutesState> state_;
    RouteStoreCounts counts_;
};

}  // namespace dproxy::config
