// SPDX-License-Identifier: MIT
#include "route_files/route_directory.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace dproxy::config {

namespace {

std::string without_trailing_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

}  // namespace

RouteDirectory::RouteDirectory(std::string location, std::string extension, FolderLimits limits)
    : location_(std::move(location)),
      extension_(std::move(extension)),
      limits_(limits),
      name_(without_trailing_slashes(location_)),
      prefix_(name_.ends_with('/') ? name_ : name_ + "/") {}

DirectorySnapshot RouteDirectory::read(const ReadingChoice& choose, const BesideChoice& beside) const {
    DirectorySnapshot all;
    FolderSnapshot own = read_folder({AT_FDCWD, location_, prefix_, extension_, limits_}, choose, beside);
    add(own, name_, false, all);
    const auto first_below = static_cast<std::ptrdiff_t>(all.files.size());
    for (const auto& subdirectory : own.subdirectories) {
        const std::string name = prefix_ + subdirectory;
        const FolderRequest request{own.directory.get(), subdirectory, name + "/", extension_, limits_};
        FolderSnapshot below = read_folder(request, choose, beside);
        add(below, name, true, all);
    }
    // `a-b/x` comes before `a/x`: the bytes of the whole name count, not first those of the directory.
    std::sort(all.files.begin() + first_below, all.files.end(),
              [](const auto& a, const auto& b) { return a.found.name < b.found.name; });
    return all;
}

void RouteDirectory::add(FolderSnapshot& folder, const std::string& name, bool in_subdirectory,
                         DirectorySnapshot& all) const {
    if (folder.state != FolderSnapshot::State::complete) {
        const bool missing = folder.state == FolderSnapshot::State::missing;
        all.unread.push_back({name, !in_subdirectory, missing, folder.moving, std::move(folder.fault)});
        return;
    }
    for (auto& message : folder.warnings) all.warnings.push_back({name, std::move(message)});
    for (auto& file : folder.files) all.files.push_back({std::move(file), in_subdirectory});
    for (auto& list : folder.lists) all.lists.push_back(std::move(list));
    for (auto& text : folder.texts) all.texts.push_back(std::move(text));
}

}  // namespace dproxy::config
