// SPDX-License-Identifier: MIT
// One directory of the setting `upstreamlocation`: its own route files and those of its subdirectories,
// one level deep, as they stand. Each folder is read by itself.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "route_files/route_folder.hpp"

namespace dproxy::config {

/// A folder whose files are not known at this moment: what was read from it before stays as it is.
struct UnreadFolder {
    std::string name;  ///< `directory` or `directory/subdirectory`
    bool whole_location = false;
    bool missing = false;  ///< there is no such name, or it is a link that leads nowhere
    bool moving = false;   ///< worth another look soon
    std::string fault;
};

/// A fault of a folder that was read all the same.
struct FolderWarning {
    std::string name;
    std::string message;
};

struct DirectorySnapshot {
    /// In order: own files, then those of subdirectories, by the bytes of `directory/name`.
    struct File {
        FoundFile found;
        bool in_subdirectory = false;
    };
    std::vector<File> files;
    std::vector<FoundFile> lists;  ///< that they name, each once
    std::vector<FoundFile> texts;  ///< the same
    std::vector<UnreadFolder> unread;
    std::vector<FolderWarning> warnings;
};

class RouteDirectory {
public:
    /// `location` as the operator wrote it, with or without a slash at the end.
    RouteDirectory(std::string location, std::string extension, FolderLimits limits = {});

    /// The location without slashes at its end: what messages write.
    const std::string& name() const { return name_; }
    /// Of the names of its files, `directory/`.
    const std::string& prefix() const { return prefix_; }
    DirectorySnapshot read(const ReadingChoice& choose, const BesideChoice& beside = {}) const;

private:
    void add(FolderSnapshot& folder, const std::string& name, bool in_subdirectory, DirectorySnapshot& all) const;

    std::string location_;
    std::string extension_;
    FolderLimits limits_;
    std::string name_;
    std::string prefix_;
};

}  // namespace dproxy::config
