// SPDX-License-Identifier: MIT
#include "route_files/route_directory.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "catch.hpp"
#include "config_directory.hpp"

using namespace dproxy::config;
using namespace dproxy::test;
using State = FoundFile::State;

namespace {

Reading read_always(const std::string&, const FileIdentity&) {
    return Reading::read;
}

DirectorySnapshot look(const fs::path& path, FolderLimits limits = {}) {
    return RouteDirectory(path.string(), ".prox", limits).read(read_always);
}

/// Names below the location, in the order found.
std::vector<std::string> names(const DirectorySnapshot& snapshot, const fs::path& path) {
    std::vector<std::string> all;
    for (const auto& file : snapshot.files) all.push_back(file.found.name.substr(path.string().size() + 1));
    return all;
}

const FoundFile& only(const DirectorySnapshot& snapshot) {
    REQUIRE(snapshot.files.size() == 1);
    return snapshot.files.front().found;
}

using Names = std::vector<std::string>;

/// For root, permissions mean nothing: the call is made as another user then.
template <typename Call>
auto as_nobody(const Call& call) {
    constexpr uid_t nobody = 65534;
    const bool root = ::geteuid() == 0;
    if (root) REQUIRE(::seteuid(nobody) == 0);
    auto result = call();
    if (root) REQUIRE(::seteuid(0) == 0);
    return result;
}

}  // namespace

TEST_CASE("files are read in the order of their bytes, own ones before those of subdirectories") {
    TemporaryDirectory top;
    for (const auto* name : {"b.prox", "Z.prox", "a.prox", ".hidden.prox", "note.txt", ".prox", "c.prox~"}) {
        write_file(top / name, name);
    }
    for (const auto* directory : {"a", "a-b", "zz", ".git", "..old"}) fs::create_directory(top / directory);
    write_file(top / "a/x.prox", "1");
    write_file(top / "a-b/x.prox", "2");
    write_file(top / "zz/0.prox", "3");
    write_file(top / ".git/x.prox", "4");
    write_file(top / "..old/x.prox", "5");
    fs::create_directories(top / "a/deeper");
    write_file(top / "a/deeper/x.prox", "6");

    const auto snapshot = look(top.path());
    CHECK(names(snapshot, top.path()) == Names{"Z.prox", "a.prox", "b.prox", "a-b/x.prox", "a/x.prox", "zz/0.prox"});
    CHECK(snapshot.files[1].found.text == "a.prox");
    CHECK_FALSE(snapshot.files[1].in_subdirectory);
    CHECK(snapshot.files[4].in_subdirectory);
    CHECK(snapshot.unread.empty());
    CHECK(snapshot.warnings.empty());
}

TEST_CASE("names are those of the operator, without slashes at the end of the directory") {
    CHECK(RouteDirectory("upstream/", ".prox").prefix() == "upstream/");
    CHECK(RouteDirectory("upstream//", ".prox").name() == "upstream");
    CHECK(RouteDirectory("upstream", ".prox").prefix() == "upstream/");
    CHECK(RouteDirectory("/", ".prox").prefix() == "/");
}

TEST_CASE("a ConfigMap is read through its ..data, whatever links are visible") {
    TemporaryDirectory top;
    ConfigMapDirectory map(top / "map");
    map.publish({{"a.prox", "a1"}, {"b.prox", "b1"}});
    CHECK(names(look(map.path()), map.path()) == Names{"a.prox", "b.prox"});

    SECTION("newer kubelet: swapped, links not mended yet") {
        map.prepare({{"b.prox", "b2"}, {"c.prox", "c2"}});
        map.swap();
        const auto snapshot = look(map.path());
        CHECK(names(snapshot, map.path()) == Names{"b.prox", "c.prox"});
        CHECK(snapshot.files[0].found.text == "b2");
    }
    SECTION("older kubelet: links mended, not swapped yet") {
        map.prepare({{"b.prox", "b2"}, {"c.prox", "c2"}});
        map.add_links();
        const auto snapshot = look(map.path());
        CHECK(names(snapshot, map.path()) == Names{"a.prox", "b.prox"});
        CHECK(snapshot.files[1].found.text == "b1");
    }
    SECTION("an empty ..data: no files, and nothing wrong") {
        map.publish({});
        const auto snapshot = look(map.path());
        CHECK(snapshot.files.empty());
        CHECK(snapshot.unread.empty());
    }
    SECTION("a ..data that leads nowhere: nothing is known") {
        fs::remove_all(fs::canonical(map.path() / "..data"));
        const auto snapshot = look(map.path());
        REQUIRE(snapshot.unread.size() == 1);
        CHECK(snapshot.unread[0].whole_location);
        CHECK(snapshot.unread[0].fault == "`..data` leads nowhere");
    }
}

TEST_CASE("a folder that is swapped while it is read is read again, whole") {
    TemporaryDirectory top;
    ConfigMapDirectory map(top / "map");
    map.publish({{"a.prox", "a1"}, {"b.prox", "b1"}});
    int swaps = 0;
    const auto swap_once = [&](const std::string& name, const FileIdentity&) {
        if (name.ends_with("b.prox") && swaps++ == 0) map.publish({{"a.prox", "a2"}, {"b.prox", "b2"}});
        return Reading::read;
    };
    const auto snapshot = RouteDirectory(map.path().string(), ".prox").read(swap_once);
    REQUIRE(snapshot.files.size() == 2);
    CHECK(snapshot.files[0].found.text == "a2");
    CHECK(snapshot.files[1].found.text == "b2");
    CHECK(swaps == 2);
}

TEST_CASE("a folder that never stands still is given up after some tries") {
    TemporaryDirectory top;
    ConfigMapDirectory map(top / "map");
    map.publish({{"a.prox", "a"}});
    int swaps = 0;
    const auto swap_always = [&](const std::string&, const FileIdentity&) {
        map.publish({{"a.prox", std::to_string(++swaps)}});
        return Reading::read;
    };
    const auto snapshot = RouteDirectory(map.path().string(), ".prox").read(swap_always);
    CHECK(swaps == max_folder_tries);
    REQUIRE(snapshot.unread.size() == 1);
    CHECK(snapshot.unread[0].moving);
    CHECK(snapshot.unread[0].fault.find("changed each time") != std::string::npos);
}

TEST_CASE("a plain directory that is deleted while it is read has vanished, it is not empty") {
    TemporaryDirectory top;
    fs::create_directory(top / "d");
    write_file(top / "d/a.prox", "a");
    const auto remove = [&](const std::string&, const FileIdentity&) {
        fs::remove_all(top / "d");
        return Reading::read;
    };
    const auto snapshot = RouteDirectory((top / "d").string(), ".prox").read(remove);
    CHECK(snapshot.files.empty());
    REQUIRE(snapshot.unread.size() == 1);
    CHECK(snapshot.unread[0].missing);
}

TEST_CASE("subdirectories stand beside ..data, each perhaps with one of its own") {
    TemporaryDirectory top;
    ConfigMapDirectory own(top / "map");
    ConfigMapDirectory team(top / "map/team-a");
    own.publish({{"a.prox", "own"}});
    team.publish({{"x.prox", "team"}});
    fs::create_directory(top / "map/team-b");
    write_file(top / "map/team-b/y.prox", "plain");
    const auto snapshot = look(own.path());
    CHECK(names(snapshot, own.path()) == Names{"a.prox", "team-a/x.prox", "team-b/y.prox"});
    CHECK(snapshot.files[1].found.text == "team");
}

TEST_CASE("a subdirectory may be a link, and one that leads nowhere is reported as missing") {
    TemporaryDirectory top;
    fs::create_directories(top / "real");
    fs::create_directories(top / "routes");
    write_file(top / "real/x.prox", "x");
    fs::create_directory_symlink(top / "real", top / "routes/linked");
    fs::create_symlink("nowhere", top / "routes/dangling");
    const auto snapshot = look(top / "routes");
    CHECK(names(snapshot, top / "routes") == Names{"linked/x.prox"});
    REQUIRE(snapshot.unread.size() == 1);
    CHECK(snapshot.unread[0].missing);
    CHECK_FALSE(snapshot.unread[0].whole_location);
    CHECK(snapshot.unread[0].name == (top / "routes/dangling").string());
}

TEST_CASE("a location that is missing, or is no directory, is told apart from an empty one") {
    TemporaryDirectory top;
    CHECK(look(top.path()).unread.empty());
    const auto missing = look(top / "absent");
    REQUIRE(missing.unread.size() == 1);
    CHECK(missing.unread[0].missing);
    write_file(top / "file", "");
    const auto file = look(top / "file");
    REQUIRE(file.unread.size() == 1);
    CHECK_FALSE(file.unread[0].missing);
    CHECK(file.unread[0].fault.find("cannot be opened") != std::string::npos);
}

TEST_CASE("what is no regular file is neither opened nor waited for") {
    TemporaryDirectory top;
    const std::string path = (top / "x.prox").string();
    SECTION("a FIFO") {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        CHECK(only(look(top.path())).fault == "is a FIFO, expected a file");
    }
    SECTION("a directory, which is no subdirectory of routes either") {
        fs::create_directory(path);
        write_file(fs::path(path) / "a.prox", "a");
        CHECK(only(look(top.path())).fault == "is a directory, expected a file");
    }
    SECTION("a socket") {
        const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        CHECK(only(look(top.path())).fault == "is a socket, expected a file");
        ::close(fd);
    }
    SECTION("a link to a device") {
        fs::create_symlink("/dev/zero", path);
        CHECK(only(look(top.path())).fault == "is a device, expected a file");
    }
    SECTION("a link that leads nowhere") {
        fs::create_symlink("nowhere", path);
        CHECK(only(look(top.path())).fault == "is a link that leads nowhere");
    }
    SECTION("a link to itself") {
        fs::create_symlink("x.prox", path);
        CHECK(only(look(top.path())).fault.find("cannot be read") == 0);
    }
    CHECK(only(look(top.path())).state == State::unreadable);
}

TEST_CASE("a file of the largest size is read, a larger one is told and not read") {
    TemporaryDirectory top;
    write_file(top / "x.prox", std::string(max_route_file_size, '#'));
    CHECK(only(look(top.path())).text.size() == max_route_file_size);
    write_file(top / "x.prox", std::string(max_route_file_size + 1, '#'));
    const auto snapshot = look(top.path());
    CHECK(only(snapshot).text.empty());
    CHECK(only(snapshot).fault == "holds 1048577 bytes, expected at most 1048576");
}

TEST_CASE("a file that is not as long as it says is tried some times and given up") {
    TemporaryDirectory top;
    // Files in /proc say that they are empty.
    fs::create_symlink("/proc/self/status", top / "x.prox");
    const auto snapshot = look(top.path());
    CHECK(only(snapshot).state == State::unreadable);
    CHECK(only(snapshot).text.empty());
    CHECK(only(snapshot).fault == "changed each time it was read, 3 times in a row");
}

TEST_CASE("what may not be read is told, file by file and folder by folder") {
    TemporaryDirectory top;
    fs::permissions(top.path(), fs::perms::all);
    fs::create_directories(top / "closed");
    write_file(top / "a.prox", "a");
    write_file(top / "secret.prox", "s");
    fs::permissions(top / "secret.prox", fs::perms::none);
    fs::permissions(top / "closed", fs::perms::none);
    const auto snapshot = as_nobody([&] { return look(top.path()); });
    fs::permissions(top / "closed", fs::perms::all);
    REQUIRE(snapshot.files.size() == 2);
    CHECK(snapshot.files[0].found.text == "a");
    CHECK(snapshot.files[1].found.state == State::unreadable);
    CHECK(snapshot.files[1].found.fault == "cannot be opened: Permission denied");
    REQUIRE(snapshot.unread.size() == 1);
    CHECK(snapshot.unread[0].name == (top / "closed").string());
    CHECK(snapshot.unread[0].fault == "cannot be opened: Permission denied");
}

TEST_CASE("a plain file that is called ..data is none of the kubelet's") {
    TemporaryDirectory top;
    write_file(top / "..data", "");
    write_file(top / "a.prox", "a");
    CHECK(only(look(top.path())).text == "a");
}

TEST_CASE("files, subdirectories and bytes are limited, by the order of names") {
    TemporaryDirectory top;
    for (const auto* name : {"c.prox", "a.prox", "b.prox"}) write_file(top / name, "12345");
    for (const auto* name : {"s3", "s1", "s2"}) {
        fs::create_directory(top / name);
        write_file(top / name / "x.prox", "");
    }
    const auto few = look(top.path(), {.files = 2, .subdirectories = 1});
    CHECK(names(few, top.path()) == Names{"a.prox", "b.prox", "s1/x.prox"});
    REQUIRE(few.warnings.size() == 2);
    CHECK(few.warnings[0].message.find("more than 2 files") != std::string::npos);
    CHECK(few.warnings[1].message.find("more than 1 subdirectories") != std::string::npos);

    const auto small = look(top.path(), {.bytes = 10});
    CHECK(small.files[1].found.state == State::read);
    CHECK(small.files[2].found.state == State::unreadable);
    CHECK(small.files[2].found.fault.find("too much together") != std::string::npos);
}

TEST_CASE("names that cannot be shown are left out and told") {
    TemporaryDirectory top;
    write_file(top / "m\xc3\xbcller.prox", "good");
    write_file(top / "two\nlines.prox", "bad");
    write_file(top / "\xff.prox", "bad");
    const auto snapshot = look(top.path());
    CHECK(names(snapshot, top.path()) == Names{"m\xc3\xbcller.prox"});
    REQUIRE(snapshot.warnings.size() == 2);
    for (const auto& warning : snapshot.warnings) {
        CHECK(warning.message.find("expected a name in UTF-8") != std::string::npos);
        CHECK(warning.message.find('\n') == std::string::npos);
    }
}

TEST_CASE("the extension may be another one, or none") {
    TemporaryDirectory top;
    write_file(top / "a.conf", "");
    write_file(top / "b.prox", "");
    fs::create_directory(top / "sub");
    write_file(top / "sub/c", "");
    const RouteDirectory conf(top.text(), ".conf");
    CHECK(names(conf.read(read_always), top.path()) == Names{"a.conf"});
    const RouteDirectory all(top.text(), "");
    CHECK(names(all.read(read_always), top.path()) == Names{"a.conf", "b.prox", "sub/c"});
}

TEST_CASE("whoever asks decides by name and identity what is read") {
    TemporaryDirectory top;
    for (const auto* name : {"a.prox", "b.prox", "c.prox"}) write_file(top / name, "12345");
    const auto snapshot = RouteDirectory(top.text(), ".prox").read([](const std::string& name, const FileIdentity& id) {
        CHECK(id.size == 5);
        if (name.ends_with("a.prox")) return Reading::same;
        return name.ends_with("b.prox") ? Reading::held : Reading::read;
    });
    REQUIRE(snapshot.files.size() == 3);
    CHECK(snapshot.files[0].found.state == State::same);
    CHECK(snapshot.files[1].found.state == State::held);
    CHECK(snapshot.files[2].found.state == State::read);
}

TEST_CASE("an identity tells nothing about a file that changed just now") {
    TemporaryDirectory top;
    write_file(top / "a.prox", "1");
    CHECK_FALSE(only(look(top.path(), {.settled_after = std::chrono::hours(1)})).settled);
    CHECK(only(look(top.path(), {.settled_after = std::chrono::nanoseconds(0)})).settled);
}

TEST_CASE("files that are removed while they are read are gone, and nothing else") {
    TemporaryDirectory top;
    for (int i = 0; i < 20; ++i) write_file(top / (std::to_string(i) + ".prox"), "x");
    fs::create_symlink("1.prox", top / "link.prox");
    const RouteDirectory directory(top.path().string(), ".prox");
    const auto remove_all = [&](const std::string&, const FileIdentity&) {
        for (const auto& entry : fs::directory_iterator(top.path())) fs::remove(entry.path());
        return Reading::read;
    };
    const auto snapshot = directory.read(remove_all);
    CHECK(snapshot.files.empty());
    CHECK(snapshot.unread.empty());
    CHECK(snapshot.warnings.empty());
}

TEST_CASE("of many names that cannot be shown the first ones are told") {
    TemporaryDirectory top;
    for (int i = 0; i < 300; ++i) write_file(top / ("\x01" + std::to_string(i) + ".prox"), "x");
    const auto snapshot = look(top.path());
    REQUIRE(snapshot.warnings.size() == max_refused_names + 1);
    CHECK(snapshot.warnings.back().message == "left out 200 more names");
}
