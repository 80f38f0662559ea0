// SPDX-License-Identifier: MIT
// Which directories one inotify instance has to watch, to learn of every change in some locations: each
// location, its subdirectories one level deep, the directories that `..data` links lead to, and, where the
// path to a location goes through links or ends too early, the directories in which it may change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dproxy::io {

inline constexpr std::size_t max_watches = 8192;
inline constexpr int max_links_followed = 40;  ///< as many as the kernel follows in one path

class WatchedTree {
public:
    /// inotify_add_watch(2), or a stand-in.
    using Add = std::function<int(int fd, const char* path, std::uint32_t mask)>;

    /// What an event of one watch is about.
    struct Place {
        std::string prefix;  ///< names in it are shown as prefix + name
        std::string only;    ///< where not empty, only this name counts, and it is no route file
    };
    struct Outcome {
        bool changed = false;  ///< other directories are watched than before
        std::vector<std::string> missing;  ///< locations that cannot be watched, each with the reason
        std::string error;                 ///< the instance is of no use: nothing more can be watched
    };

    /// Locations as in the settings, with or without a slash at the end.
    WatchedTree(std::vector<std::string> locations, Add add);

    /// Adds and removes watches, so that they are those of the directories as they stand. Idempotent. Where a
    /// directory comes later, it does so with an event in one that is watched already.
    Outcome update(int fd);
    /// Nothing where the watch is not, or no longer, ours.
    const std::vector<Place>* places(int watch) const;
    /// The kernel removed the watch.
    void removed(int watch) { watches_.erase(watch); }
    /// The instance is gone.
    void clear() { watches_.clear(); }
    std::size_t size() const { return watches_.size(); }

private:
    using Watches = std::unordered_map<int, std::vector<Place>>;

    int watch(const std::string& path, Place place);
    void watch_path_to(const std::string& location);
    void watch_location(const std::string& location);
    bool watch_folder(const std::string& path, const std::string& prefix);

    std::vector<std::string> locations_;
    Add add_;
    Watches watches_;
    int fd_ = -1;      ///< while update() runs
    Watches next_;     ///< the same
    Outcome outcome_;  ///< the same
};

}  // namespace dproxy::io
