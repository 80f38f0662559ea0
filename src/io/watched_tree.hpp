// SPDX-License-Identifier: MIT
// What one inotify instance has to watch, to learn of every change in some locations: each location, its subdirectories
// one level deep, the directories that `..data` links lead to, the files that links lead to, and all directories on the
// way to any of these, in which a component of the way may be set anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace dproxy::io {

inline constexpr std::size_t max_watches = 8192;
inline constexpr int max_links_followed = 40;  ///< as many as the kernel follows in one path
inline constexpr std::size_t max_linked_files = 1024;  ///< with more, those beyond it are looked at

class WatchedTree {
public:
    /// inotify_add_watch(2), or a stand-in.
    using Add = std::function<int(int fd, const char* path, std::uint32_t mask)>;

    /// What an event of one watch is about: names in a folder; a component of a way; a file that a link leads to, told
    /// by its directory or by itself.
    struct Subject {
        std::string prefix{};  ///< of a folder: names in it are shown as prefix + name
        std::string only{};    ///< where not empty, only this name counts
        std::string shown{};   ///< of a file that a link leads to: the link, as it is shown
        std::string target{};  ///< of the same: where `only` is
        bool operator==(const Subject&) const = default;
    };
    struct Outcome {
        bool changed = false;  ///< something else is watched than before
        std::vector<std::string> missing;  ///< what cannot be watched, each with the reason
        std::string error;                 ///< the instance is of no use: nothing more can be watched
    };

    /// Locations as in the settings, with or without a slash at the end; names of route files end in `extension`.
    WatchedTree(std::vector<std::string> locations, std::string extension, Add add);

    /// Adds and removes watches, so that they are those of the directories as they stand. Idempotent. Where a
    /// directory comes later, it does so with an event in one that is watched already.
    Outcome update(int fd);
    /// Nothing where the watch is not, or no longer, ours.
    const std::vector<Subject>* subjects(int watch) const;
    /// The kernel removed the watch.
    void removed(int watch) { watches_.erase(watch); }
    /// The instance is gone.
    void clear() { watches_.clear(); }
    std::size_t size() const { return watches_.size(); }

private:
    using Watches = std::unordered_map<int, std::vector<Subject>>;

    int watch(const std::string& path, std::uint32_t mask, Subject subject);
    void watch_way_to(const std::string& location);
    void watch_location(const std::string& location);
    bool watch_folder(const std::string& path, const std::string& prefix);
    void watch_linked_files(const std::string& path, const std::string& prefix);
    void follow(std::string at, std::vector<std::string> rest, const std::string& shown);

    std::vector<std::string> locations_;
    std::string extension_;
    Add add_;
    Watches watches_;
    int fd_ = -1;      ///< while update() runs
    Watches next_;     ///< the same
    std::unordered_set<std::string> walked_;  ///< the same: directories on ways that were followed
    std::size_t linked_files_ = 0;            ///< the same
    Outcome outcome_;  ///< the same
};

}  // namespace dproxy::io
