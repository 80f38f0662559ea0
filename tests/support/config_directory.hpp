// SPDX-License-Identifier: MIT
// Directories of route files for tests: a temporary one, and one that changes as a mounted ConfigMap does.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dproxy::test {

namespace fs = std::filesystem;

/// Exists as long as the object.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = (fs::temp_directory_path() / "dproxy-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
        path_ = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    fs::path operator/(const std::string& name) const { return path_ / name; }
    const fs::path& path() const { return path_; }
    std::string text() const { return path_.string(); }

private:
    fs::path path_;
};

/// In place: the inode stays.
inline void write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    if (!file.flush()) throw std::runtime_error("write " + path.string());
}

/// As editors save: a new file takes the name of the old one.
inline void save_by_rename(const fs::path& path, const std::string& text) {
    fs::path other = path;
    other += "~new";
    write_file(other, text);
    fs::rename(other, path);
}

/// A section with one upstream, to fill route files.
inline std::string route(const std::string& patterns, const std::string& address = "127.0.0.1:5301") {
    return "[" + patterns + "]\naddress = " + address + "\n";
}

/// A mounted ConfigMap: visible links through `..data`, a link that is swapped by rename to a directory of a
/// new name. Newer kubelets mend the visible links after the swap, older ones before it.
class ConfigMapDirectory {
public:
    using Files = std::map<std::string, std::string>;
    enum class Order { swap_first, links_first };

    explicit ConfigMapDirectory(fs::path path) : path_(std::move(path)) { fs::create_directories(path_); }

    void publish(const Files& files, Order order = Order::swap_first) {
        prepare(files);
        if (order == Order::links_first) add_links();
        swap();
        if (order == Order::swap_first) add_links();
        remove_stale_links();
        remove_old();
    }

    // The steps by themselves, to look in between.
    void prepare(const Files& files) {
        files_ = files;
        next_ = "..2026_01_01_00_00_00." + std::to_string(++generation_);
        fs::create_directory(path_ / next_);
        for (const auto& [name, text] : files) write_file(path_ / next_ / name, text);
    }
    void swap() {
        fs::create_directory_symlink(next_, path_ / "..data_tmp");
        fs::rename(path_ / "..data_tmp", path_ / "..data");
        std::swap(old_, current_);
        current_ = next_;
    }
    void add_links() {
        for (const auto& [name, text] : files_) {
            if (!fs::is_symlink(path_ / name)) fs::create_symlink("..data/" + name, path_ / name);
        }
    }
    void remove_stale_links() {
        std::vector<fs::path> stale;
        for (const auto& entry : fs::directory_iterator(path_)) {
            const std::string name = entry.path().filename().string();
            if (!name.starts_with("..") && entry.is_symlink() && !files_.contains(name)) stale.push_back(entry.path());
        }
        for (const auto& link : stale) fs::remove(link);
    }
    void remove_old() {
        if (!old_.empty()) fs::remove_all(path_ / old_);
        old_.clear();
    }

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
    Files files_;
    std::string current_;
    std::string old_;
    std::string next_;
    int generation_ = 0;
};

}  // namespace dproxy::test
