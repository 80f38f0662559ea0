// SPDX-License-Identifier: MIT
// Links among route files: whoever may put one there must not have lines of other files told in messages.
#include "catch.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;

namespace {

constexpr const char* secret =
    "root:$6$hidden:19000\n[root:`hidden` [x\n[a.test]\nroot hidden = hidden\naddress = hidden`x`:hidden\n";

std::string all_of(const ReloadResult& result) {
    std::string text;
    for (const auto& fault : result.state->faults) text += fault.to_string() + "\n";
    return text;
}

}  // namespace

TEST_CASE_METHOD(StoreFixture, "of a file behind a link out of its directory no line is told") {
    fs::create_directory(top / "elsewhere");
    const fs::path target = top / "elsewhere" / "shadow";
    write_file(target, secret);
    std::string name = "a.prox";
    SECTION("a link") { fs::create_symlink(target, file(name)); }
    SECTION("a relative link") { fs::create_symlink("../elsewhere/shadow", file(name)); }
    SECTION("a link to a link") {
        fs::create_symlink(target, top / "elsewhere" / "other");
        fs::create_symlink("../elsewhere/other", file(name));
    }
    SECTION("a link through a directory inside that is one out of it") {
        fs::create_symlink("../elsewhere", file("inner"));
        fs::create_symlink("inner/shadow", file(name));
    }
    SECTION("a subdirectory that is a link") {
        fs::rename(target, top / "elsewhere" / "a.prox");
        fs::create_symlink("../elsewhere", file("team"));
        name = "team/a.prox";
    }
    SECTION("`..data` that leads out") {
        fs::rename(target, top / "elsewhere" / "a.prox");
        fs::create_symlink("../elsewhere", file("..data"));
    }
    auto routes = store();
    const auto result = reload(routes);
    const std::string faults = all_of(result);
    INFO(faults);
    CHECK(result.state->faults.size() >= 3);
    CHECK(faults.find(shown(name) + ":1: ") != faults.npos);
    CHECK(faults.find("hidden") == faults.npos);
    CHECK(faults.find("root") == faults.npos);
    CHECK(faults.find("is not shown") != faults.npos);
}

TEST_CASE_METHOD(StoreFixture, "of a file that lies in its directory each faulty line is told") {
    std::string name = "a.prox";
    SECTION("the file itself") { write_file(file(name), secret); }
    SECTION("in a subdirectory") {
        name = "team/a.prox";
        fs::create_directory(file("team"));
        write_file(file(name), secret);
    }
    SECTION("a ConfigMap") {
        ConfigMapDirectory map{fs::path(location)};
        map.publish({{name, secret}});
    }
    SECTION("a ConfigMap in a subdirectory") {
        name = "team/a.prox";
        ConfigMapDirectory map{file("team")};
        map.publish({{"a.prox", secret}});
    }
    SECTION("a link to another file of the directory") {
        write_file(file("shared"), secret);
        fs::create_symlink("shared", file(name));
    }
    auto routes = store();
    const std::string faults = all_of(reload(routes));
    CHECK(faults.find("hidden") != faults.npos);
    CHECK(faults.find("is not shown") == faults.npos);
}

TEST_CASE_METHOD(StoreFixture, "a location that is a link itself is what the operator named") {
    fs::create_symlink(location, top / "link");
    write_file(file("a.prox"), secret);
    auto routes = store({(top / "link").string()});
    CHECK(all_of(reload(routes)).find("hidden") != std::string::npos);
}

TEST_CASE_METHOD(StoreFixture, "a link that takes the place of an equal file takes its lines out of the messages") {
    write_file(file("a.prox"), secret);
    auto routes = store();
    CHECK(all_of(reload(routes)).find("hidden") != std::string::npos);
    write_file(top / "copy", secret);
    fs::remove(file("a.prox"));
    fs::create_symlink(top / "copy", file("a.prox"));
    CHECK(all_of(reload(routes)).find("hidden") == std::string::npos);
}
