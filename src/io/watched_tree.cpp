// SPDX-License-Identifier: MIT
#include "io/watched_tree.hpp"

#include <dirent.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace dproxy::io {

namespace {

/// All that can mean another content, and the end of the directory itself. IN_MASK_ADD: one directory may be
/// watched for two reasons, and the second must not take from the first.
constexpr std::uint32_t folder_mask = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE |
                                      IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;
/// Names alone: this may be a busy directory like /tmp.
constexpr std::uint32_t way_mask =
    IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;
/// Of the directory of a file that a link leads to: when it is complete, too. What is written meanwhile the file tells.
constexpr std::uint32_t file_directory_mask = way_mask | IN_CLOSE_WRITE;
constexpr std::uint32_t file_mask =
    IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD;

std::string without_trailing_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

/// In front of what is there already: the last element is the next component.
void push_components(std::string_view path, std::vector<std::string>& rest) {
    std::vector<std::string> components;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view component = path.substr(0, slash);
        if (!component.empty() && component != ".") components.emplace_back(component);
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    rest.insert(rest.end(), components.rbegin(), components.rend());
}

/// Of a directory, but those that begin with a dot.
template <typename Each>
void for_each_name(const std::string& directory, const Each& each) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), &::closedir);
    if (!stream) return;
    while (const dirent* entry = ::readdir(stream.get())) {
        if (entry->d_name[0] != '.') each(*entry);
    }
}

}  // namespace

WatchedTree::WatchedTree(std::vector<std::string> locations, std::string extension, Add add)
    : locations_(std::move(locations)), extension_(std::move(extension)), add_(std::move(add)) {
    for (auto& location : locations_) location = without_trailing_slashes(std::move(location));
}

WatchedTree::Outcome WatchedTree::update(int fd) {
    fd_ = fd;
    next_.clear();
    walked_.clear();
    linked_files_ = 0;
    outcome_ = {};
    for (const auto& location : locations_) {
        // The way there first: what comes between the two steps is then found by the second one.
        watch_way_to(location);
        watch_location(location);
    }
    if (linked_files_ > max_linked_files) {
        outcome_.missing.push_back("there are more than " + std::to_string(max_linked_files) +
                                   " links to files elsewhere");
    }
    outcome_.changed = next_.size() != watches_.size();
    for (const auto& [number, subjects] : watches_) {
        if (next_.contains(number)) continue;
        outcome_.changed = true;
        ::inotify_rm_watch(fd, number);
    }
    watches_ = std::move(next_);
    next_.clear();
    return std::move(outcome_);
}

const std::vector<WatchedTree::Subject>* WatchedTree::subjects(int watch) const {
    const auto found = watches_.find(watch);
    return found == watches_.end() ? nullptr : &found->second;
}

/// 0, or why not; what is of no use to anyone goes into the outcome.
int WatchedTree::watch(const std::string& path, std::uint32_t mask, Subject subject) {
    if (next_.size() >= max_watches) {
        outcome_.error = "there are more than " + std::to_string(max_watches) + " directories and files to watch";
        return ENOSPC;
    }
    const int number = add_(fd_, path.c_str(), mask);
    if (number >= 0) {
        auto& subjects = next_[number];
        const bool known = std::find(subjects.begin(), subjects.end(), subject) != subjects.end();
        if (!known) subjects.push_back(std::move(subject));
        return 0;
    }
    const int error = errno;
    // These are about the directory, the others about the instance.
    if (error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP || error == ENAMETOOLONG) return error;
    outcome_.error = "inotify_add_watch: " + std::generic_category().message(error);
    if (error == ENOSPC) outcome_.error += " (see fs.inotify.max_user_watches)";
    return error;
}

void WatchedTree::watch_way_to(const std::string& location) {
    std::vector<std::string> rest;
    push_components(location, rest);
    follow(location.starts_with('/') ? "/" : ".", std::move(rest), {});
}

/// Each directory on the way is watched for the next component, which may be missing, or be set anew: a link, or a
/// directory that another one takes the place of. Watched first and looked at then, so that no change is lost between.
/// `shown` is the link, where the way leads to a file.
void WatchedTree::follow(std::string at, std::vector<std::string> rest, const std::string& shown) {
    int links = 0;
    struct stat status {};
    while (!rest.empty() && outcome_.error.empty()) {
        const std::string component = std::move(rest.back());
        rest.pop_back();
        std::string child = at + (at.ends_with('/') ? "" : "/") + component;
        if (walked_.contains(child)) {
            at = std::move(child);
            continue;
        }
        if (component != "..") {
            if (rest.empty() && !shown.empty()) {
                watch(at, file_directory_mask, {{}, component, shown, child});
            } else {
                watch(at, way_mask, {{}, component, {}, {}});
            }
        }
        if (::lstat(child.c_str(), &status) != 0) return;
        if (S_ISDIR(status.st_mode)) walked_.insert(child);
        if (!S_ISLNK(status.st_mode)) {
            at = std::move(child);
            continue;
        }
        std::array<char, PATH_MAX> target{};
        const ssize_t length = ::readlink(child.c_str(), target.data(), target.size());
        if (length <= 0 || ++links > max_links_followed) return;
        if (target[0] == '/') at.assign(1, '/');
        push_components({target.data(), static_cast<std::size_t>(length)}, rest);
    }
    if (!shown.empty() && S_ISREG(status.st_mode)) watch(at, file_mask, {{}, {}, shown, {}});
}

void WatchedTree::watch_location(const std::string& location) {
    const std::string prefix = location.ends_with('/') ? location : location + "/";
    if (!watch_folder(location, prefix)) {
        outcome_.missing.push_back(location + ": " + std::generic_category().message(errno));
        return;
    }
    for_each_name(location, [&](const dirent& entry) {
        // What a link leads to is found out by trying: IN_ONLYDIR refuses all else.
        const bool perhaps = entry.d_type == DT_DIR || entry.d_type == DT_LNK || entry.d_type == DT_UNKNOWN;
        if (!perhaps || !outcome_.error.empty()) return;
        const std::string name = entry.d_name;
        if (!extension_.empty() && name.ends_with(extension_)) return;  // whatever it is, it is read as a file
        if (entry.d_type == DT_LNK) follow(location, {name}, {});
        watch_folder(prefix + name, prefix + name + "/");
    });
}

bool WatchedTree::watch_folder(const std::string& path, const std::string& prefix) {
    const int error = watch(path, folder_mask, {prefix, {}, {}, {}});
    if (error == 0) {
        const bool has_data = watch(prefix + "..data", folder_mask, {prefix, {}, {}, {}}) == 0;
        watch_linked_files(has_data ? prefix + "..data" : path, prefix);
    }
    errno = error;
    return error == 0;
}

/// Where there is a `..data`, the links beside it lead into it, and are not what is read.
void WatchedTree::watch_linked_files(const std::string& path, const std::string& prefix) {
    for_each_name(path, [&](const dirent& entry) {
        const std::string_view name = entry.d_name;
        if (!name.ends_with(extension_) || name.size() == extension_.size() || !outcome_.error.empty()) return;
        struct stat status {};
        const std::string file = path + "/" + entry.d_name;
        const bool is_unknown = entry.d_type == DT_UNKNOWN && ::lstat(file.c_str(), &status) == 0;
        const bool is_link = entry.d_type == DT_LNK || (is_unknown && S_ISLNK(status.st_mode));
        if (!is_link || ++linked_files_ > max_linked_files) return;
        follow(path, {std::string(name)}, prefix + entry.d_name);
    });
}

}  // namespace dproxy::io
