// SPDX-License-Identifier: MIT
#include "io/watched_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"
#include "config_directory.hpp"

namespace dproxy::test {
namespace {

using io::WatchedTree;
using Subjects = std::vector<WatchedTree::Subject>;

/// inotify as far as a tree needs it: a number for each directory or file that is there, however it is called.
struct TreeFixture {
    TemporaryDirectory top;
    std::string location = (top / "upstream").string();
    std::map<std::string, int> numbers;
    std::set<std::string> refused;  ///< no more watches are left for these
    WatchedTree tree{{location + "/"}, ".prox", [this](int, const char* path, std::uint32_t) { return add(path); }};

    TreeFixture() { fs::create_directory(location); }

    int add(const std::string& path) {
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (error) return errno = error.value(), -1;
        if (refused.contains(real.string())) return errno = ENOSPC, -1;
        return numbers.try_emplace(real.string(), static_cast<int>(numbers.size()) + 1).first->second;
    }
    const Subjects* subjects_of(const fs::path& path) const {
        const auto found = numbers.find(fs::canonical(path).string());
        return found == numbers.end() ? nullptr : tree.subjects(found->second);
    }
    bool has(const fs::path& path, const WatchedTree::Subject& subject) const {
        const Subjects* subjects = subjects_of(path);
        return subjects != nullptr && std::find(subjects->begin(), subjects->end(), subject) != subjects->end();
    }
};

}  // namespace

TEST_CASE_METHOD(TreeFixture, "a location, its subdirectories and the way to it are watched", "[watched_tree]") {
    fs::create_directories(fs::path(location) / "sub" / "deeper");
    fs::create_directory(fs::path(location) / ".hidden");
    fs::create_directory(fs::path(location) / "named.prox");
    write_file(fs::path(location) / "a.prox", "");
    const auto outcome = tree.update(-1);
    CHECK(outcome.changed);
    CHECK(outcome.missing.empty());
    CHECK(outcome.error.empty());
    CHECK(has(location, {.prefix = location + "/"}));
    CHECK(has(fs::path(location) / "sub", {.prefix = location + "/sub/"}));
    CHECK(has(top.path(), {.only = "upstream"}));
    CHECK(has("/", {.only = top.path().relative_path().begin()->string()}));
    CHECK(subjects_of(fs::path(location) / "sub" / "deeper") == nullptr);
    CHECK(subjects_of(fs::path(location) / ".hidden") == nullptr);
    CHECK(subjects_of(fs::path(location) / "named.prox") == nullptr);
}

TEST_CASE_METHOD(TreeFixture, "what stays as it is changes nothing", "[watched_tree]") {
    CHECK(tree.update(-1).changed);
    CHECK_FALSE(tree.update(-1).changed);
    fs::create_directory(fs::path(location) / "sub");
    CHECK(tree.update(-1).changed);
    const std::size_t watched = tree.size();
    CHECK_FALSE(tree.update(-1).changed);
    CHECK(tree.size() == watched);
    fs::remove(fs::path(location) / "sub");
    CHECK(tree.update(-1).changed);
    CHECK(tree.size() == watched - 1);
}

TEST_CASE_METHOD(TreeFixture, "a missing location is said, and what may bring it is watched", "[watched_tree]") {
    fs::remove(location);
    const auto outcome = tree.update(-1);
    CHECK(outcome.missing == std::vector<std::string>{location + ": No such file or directory"});
    CHECK(outcome.error.empty());
    CHECK(has(top.path(), {.only = "upstream"}));
    fs::create_directory(location);
    CHECK(tree.update(-1).missing.empty());
    CHECK(has(location, {.prefix = location + "/"}));
}

TEST_CASE_METHOD(TreeFixture, "a file that a link leads to is shown as the link", "[watched_tree]") {
    fs::create_directory(top / "elsewhere");
    write_file(top / "elsewhere" / "file", "");
    fs::create_symlink(top / "elsewhere" / "file", fs::path(location) / "a.prox");
    tree.update(-1);
    const std::string shown = location + "/a.prox";
    CHECK(has(top / "elsewhere" / "file", {.shown = shown}));
    CHECK(has(top / "elsewhere",
              {.only = "file", .shown = shown, .target = (top / "elsewhere" / "file").string()}));
    CHECK(has(location, {.only = "a.prox", .shown = shown, .target = shown}));
}

TEST_CASE_METHOD(TreeFixture, "of a mounted ConfigMap the directory behind `..data` is watched", "[watched_tree]") {
    ConfigMapDirectory mounted{fs::path(location)};
    mounted.publish({{"a.prox", ""}});
    tree.update(-1);
    const fs::path first = fs::canonical(fs::path(location) / "..data");
    CHECK(has(first, {.prefix = location + "/"}));
    mounted.publish({{"a.prox", "x"}});
    CHECK(tree.update(-1).changed);
    CHECK(has(fs::path(location) / "..data", {.prefix = location + "/"}));
    CHECK(tree.subjects(numbers.at(first.string())) == nullptr);
}

TEST_CASE_METHOD(TreeFixture, "an instance that can watch no more says so", "[watched_tree]") {
    fs::create_directory(fs::path(location) / "sub");
    refused.insert(fs::canonical(fs::path(location) / "sub").string());
    const auto outcome = tree.update(-1);
    CHECK(outcome.error ==
          "inotify_add_watch: No space left on device (see fs.inotify.max_user_watches)");
    refused.clear();
    CHECK(tree.update(-1).error.empty());
}

TEST_CASE_METHOD(TreeFixture, "a watch that the kernel removed is no longer ours", "[watched_tree]") {
    tree.update(-1);
    const int number = numbers.at(fs::canonical(location).string());
    REQUIRE(tree.subjects(number) != nullptr);
    tree.removed(number);
    CHECK(tree.subjects(number) == nullptr);
    CHECK(tree.update(-1).changed);  // and is added anew
    CHECK(tree.subjects(number) != nullptr);
    tree.clear();
    CHECK(tree.size() == 0);
    CHECK(tree.subjects(number) == nullptr);
}

TEST_CASE_METHOD(TreeFixture, "links that lead in a circle end", "[watched_tree]") {
    fs::create_symlink("circle", fs::path(location) / "circle");
    fs::create_symlink("two.prox", fs::path(location) / "one.prox");
    fs::create_symlink("one.prox", fs::path(location) / "two.prox");
    const auto outcome = tree.update(-1);
    CHECK(outcome.error.empty());
    CHECK(has(location, {.only = "one.prox", .shown = location + "/two.prox", .target = location + "/one.prox"}));
}

TEST_CASE("the number of watches is limited", "[watched_tree]") {
    std::vector<std::string> locations;
    for (std::size_t number = 0; number <= io::max_watches; ++number) {
        locations.push_back("dproxy-test-nowhere-" + std::to_string(number));
    }
    int given = 0;
    io::WatchedTree tree(locations, ".prox", [&given](int, const char* path, std::uint32_t) {
        if (std::string(path) == ".") return ++given;
        errno = ENOENT;
        return -1;
    });
    const auto outcome = tree.update(-1);
    CHECK(outcome.error == "there are more than 8192 directories and files to watch");
    CHECK(given == static_cast<int>(io::max_watches));
    CHECK(tree.size() == io::max_watches);
}

}  // namespace dproxy::test
