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
constexpr std::uint32_t path_mask =
    IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;

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

}  // namespace

WatchedTree::WatchedTree(std::vector<std::string> locations, Add add)
    : locations_(std::move(locations)), add_(std::move(add)) {
    for (auto& location : locations_) location = without_trailing_slashes(std::move(location));
}

WatchedTree::Outcome WatchedTree::update(int fd) {
    fd_ = fd;
    next_.clear();
    outcome_ = {};
    for (const auto& location : locations_) {
        // The way there first: what comes between the two steps is then found by the second one.
        watch_path_to(location);
        watch_location(location);
    }
    outcome_.changed = next_.size() != watches_.size();
    for (const auto& [number, places] : watches_) {
        if (next_.contains(number)) continue;
        outcome_.changed = true;
        ::inotify_rm_watch(fd, number);
    }
    watches_ = std::move(next_);
    next_.clear();
    return std::move(outcome_);
}

const std::vector<WatchedTree::Place>* WatchedTree::places(int watch) const {
    const auto found = watches_.find(watch);
    return found == watches_.end() ? nullptr : &found->second;
}

/// 0, or why not; what is of no use to anyone goes into the outcome.
int WatchedTree::watch(const std::string& path, Place place) {
    if (next_.size() >= max_watches) {
        outcome_.error = "there are more than " + std::to_string(max_watches) + " directories to watch";
        return ENOSPC;
    }
    const int number = add_(fd_, path.c_str(), place.only.empty() ? folder_mask : path_mask);
    if (number >= 0) {
        auto& places = next_[number];
        const bool known = std::any_of(places.begin(), places.end(), [&place](const Place& other) {
            return other.prefix == place.prefix && other.only == place.only;
        });
        if (!known) places.push_back(std::move(place));
        return 0;
    }
    const int error = errno;
    // These are about the directory, the others about the instance.
    if (error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP || error == ENAMETOOLONG) return error;
    outcome_.error = "inotify_add_watch: " + std::generic_category().message(error);
    if (error == ENOSPC) outcome_.error += " (see fs.inotify.max_user_watches)";
    return error;
}

/// Links on the way may be set anew, and a component that is missing may come.
void WatchedTree::watch_path_to(const std::string& location) {
    std::string at = location.starts_with('/') ? "/" : ".";
    std::vector<std::string> rest;
    push_components(location, rest);
    int links = 0;
    while (!rest.empty()) {
        const std::string component = std::move(rest.back());
        rest.pop_back();
        const std::string child = at + "/" + component;
        struct stat status {};
        if (::lstat(child.c_str(), &status) != 0) {
            watch(at, {{}, component});
            return;
        }
        if (!S_ISLNK(status.st_mode)) {
            at = child;
            continue;
        }
        watch(at, {{}, component});
        std::array<char, PATH_MAX> target{};
        const ssize_t length = ::readlink(child.c_str(), target.data(), target.size());
        if (length <= 0 || ++links > max_links_followed) return;
        if (target[0] == '/') at.assign(1, '/');
        push_components({target.data(), static_cast<std::size_t>(length)}, rest);
    }
}

void WatchedTree::watch_location(const std::string& location) {
    const std::string prefix = location.ends_with('/') ? location : location + "/";
    if (!watch_folder(location, prefix)) {
        outcome_.missing.push_back(location + ": " + std::generic_category().message(errno));
        return;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(location.c_str()), &::closedir);
    if (!stream) return;
    while (const dirent* entry = ::readdir(stream.get())) {
        // What a link leads to is found out by trying: IN_ONLYDIR refuses all else.
        const bool perhaps = entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
        if (entry->d_name[0] == '.' || !perhaps || !outcome_.error.empty()) continue;
        watch_folder(prefix + entry->d_name, prefix + entry->d_name + "/");
    }
}

bool WatchedTree::watch_folder(const std::string& path, const std::string& prefix) {
    const int error = watch(path, {prefix, {}});
    if (error == 0) watch(prefix + "..data", {prefix, {}});
    errno = error;
    return error == 0;
}

}  // namespace dproxy::io
