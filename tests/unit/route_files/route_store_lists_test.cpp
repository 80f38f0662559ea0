// SPDX-License-Identifier: MIT
// List files that sections name: found, read, held and kept together with their route files.
#include <sys/stat.h>

#include "catch.hpp"
#include "route_files/list_store.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using namespace dproxy::test;

namespace {

std::string listing(const std::string& header, const std::string& list, const std::string& address = "127.0.0.1") {
    return "[" + header + "]\naddress = " + address + "\npatterns = " + list + "\n";
}

const config::RouteFileState& state_of(const ReloadResult& result, const std::string& name) {
    for (const auto& file : result.state->files) {
        if (file.name == name) return file;
    }
    FAIL("no state of " << name);
    throw std::logic_error("unreachable");
}

struct ListFixture : StoreFixture {
    ListFixture() {
        write_file(file("a.prox"), listing("a.test", "block.txt"));
        write_file(file("block.txt"), "# names\none.test\n*.two.test\n");
    }
};

}  // namespace

TEST_CASE_METHOD(ListFixture, "a list is more patterns of its section") {
    auto routes = store();
    const auto loaded = reload(routes);
    CHECK(loaded.state->success);
    CHECK(loaded.state->routes == 1);
    for (const auto* name : {"a.test", "one.test", "x.two.test"}) CHECK(answer(loaded, name) == "127.0.0.1");
    CHECK(answer(loaded, "two.test") == "none");
    CHECK(state_of(loaded, shown("a.prox")).lists == Strings{shown("block.txt")});
    CHECK(loaded.state->files.size() == 1);  // a list is none of its own
    CHECK_FALSE(reload(routes).state_changed);
}

TEST_CASE_METHOD(ListFixture, "a list that changes alone reloads the sections that name it") {
    write_file(file("b.prox"), route("b.test", "127.0.0.2"));
    auto routes = store();
    const auto loaded = reload(routes);
    const auto parsed = routes.counts().files_parsed;
    write_file(file("block.txt"), "three.test\n");
    const auto changed = reload(routes, {.touched = {shown("block.txt")}});
    CHECK(changed.table_changed);
    CHECK(routes.counts().files_parsed == parsed + 1);
    CHECK(answer(changed, "three.test") == "127.0.0.1");
    CHECK(answer(changed, "one.test") == "none");
    CHECK(changed.changes.changed.named == Strings{"a.test"});
    CHECK(changed.changes.added.size() + changed.changes.removed.size() == 0);
    const auto& before = state_of(loaded, shown("a.prox"));
    const auto& after = state_of(changed, shown("a.prox"));
    CHECK(before.content != after.content);
    CHECK(after.content == after.content_in_force);
    CHECK(loaded.state->hash != changed.state->hash);
    CHECK(state_of(loaded, shown("b.prox")) == state_of(changed, shown("b.prox")));

    write_file(file("block.txt"), "# names\none.test\n*.two.test\n");
    CHECK(state_of(reload(routes, {.everything = true}), shown("a.prox")).content == before.content);
}

TEST_CASE_METHOD(ListFixture, "a list is read and parsed once, whoever names it and whatever else changes") {
    write_file(file("a.prox"), listing("a.test", "block.txt") + listing("b.test", "block.txt"));
    write_file(file("b.prox"), listing("c.test", "block.txt"));
    auto routes = store();
    const auto loaded = reload(routes);
    CHECK(loaded.state->routes == 1);
    CHECK(texts(loaded.state->faults) ==
          Strings{shown("a.prox") + ":4: the pattern `one.test` (" + shown("block.txt") + ":2) stands already at " +
                      shown("a.prox") + ":1 (" + shown("block.txt") + ":2); this section is left out",
                  shown("b.prox") + ":1: the pattern `one.test` (" + shown("block.txt") + ":2) stands already at " +
                      shown("a.prox") + ":1 (" + shown("block.txt") + ":2); this section is left out"});
    // The route file is another one, the list is the same.
    write_file(file("a.prox"), listing("d.test", "block.txt", "127.0.0.3"));
    const auto changed = reload(routes, {.touched = {shown("a.prox")}});
    CHECK(answer(changed, "one.test") == "127.0.0.3");
}

TEST_CASE_METHOD(ListFixture, "broken lines of a list are told, and the rest is live") {
    write_file(file("block.txt"), "one.test\nb..ad\nthree.test\n");
    auto routes = store();
    const auto loaded = reload(routes);
    CHECK(answer(loaded, "three.test") == "127.0.0.1");
    REQUIRE(loaded.state->faults.size() == 1);
    CHECK(loaded.state->faults[0].file == shown("block.txt"));
    CHECK(loaded.state->faults[0].line == 2);
    CHECK_FALSE(loaded.state->success);
    CHECK_FALSE(state_of(loaded, shown("a.prox")).valid);
    CHECK(loaded.new_faults.size() == 1);
    CHECK(reload(routes, {.everything = true}).new_faults.empty());
    write_file(file("block.txt"), "one.test\n");
    CHECK(state_of(reload(routes), shown("a.prox")).valid);
}

TEST_CASE_METHOD(ListFixture, "a list that is gone or cannot be read keeps the last good routes of the file") {
    auto routes = store();
    const auto good = state_of(reload(routes), shown("a.prox"));
    fs::remove(file("block.txt"));
    std::string why = "is not there";
    SECTION("gone") {}
    SECTION("a directory") {
        fs::create_directory(file("block.txt"));
        why = "is a directory, expected a file";
    }
    SECTION("a FIFO") {
        REQUIRE(::mkfifo(file("block.txt").c_str(), 0600) == 0);
        why = "is a FIFO, expected a file";
    }
    SECTION("a link that leads nowhere") {
        fs::create_symlink("nowhere", file("block.txt"));
        why = "is a link that leads nowhere";
    }
    SECTION("a link out of the directory") {
        write_file(top / "secret", "secret.test\n");
        fs::create_symlink("../secret", file("block.txt"));
        why = "is a link that leads out of the directory";
    }
    SECTION("too large") {
        write_file(file("block.txt"), "");
        fs::resize_file(file("block.txt"), config::max_list_file_size + 1);
        why = "holds 67108865 bytes, expected at most 67108864";
    }
    const auto kept = reload(routes);
    CHECK(texts(kept.state->faults) == Strings{shown("a.prox") + ":3: `patterns`: `block.txt` " + why});
    CHECK(answer(kept, "one.test") == "127.0.0.1");
    const auto& state = state_of(kept, shown("a.prox"));
    CHECK_FALSE(state.valid);
    CHECK_FALSE(state.content);
    CHECK(state.content_in_force == good.content);
    CHECK(reload(routes, {.everything = true}).new_faults.empty());

    fs::remove_all(file("block.txt"));
    write_file(file("block.txt"), "new.test\n");
    const auto back = reload(routes);
    CHECK(back.state->success);
    CHECK(answer(back, "new.test") == "127.0.0.1");
    CHECK(answer(back, "one.test") == "none");
}

TEST_CASE_METHOD(ListFixture, "at the start a file without its list is left out") {
    fs::remove(file("block.txt"));
    auto routes = store();
    const auto loaded = reload(routes);
    CHECK(loaded.state->routes == 0);
    CHECK(answer(reload(routes), "a.test") == "none");
    write_file(file("block.txt"), "one.test\n");
    CHECK(answer(reload(routes), "one.test") == "127.0.0.1");
}

TEST_CASE_METHOD(ListFixture, "a list that is being written is waited for") {
    auto routes = store();
    reload(routes);
    write_file(file("block.txt"), "");
    const auto held = reload(routes, {.touched = {shown("block.txt")}, .open = {shown("block.txt")}});
    CHECK(answer(held, "one.test") == "127.0.0.1");
    CHECK_FALSE(held.state_changed);
    REQUIRE(held.look_again);
    CHECK(*held.look_again == now + config::max_hold);
    write_file(file("block.txt"), "three.test\n");
    CHECK(answer(reload(routes, {.touched = {shown("block.txt")}}), "three.test") == "127.0.0.1");

    // A new one, with the file that names it.
    write_file(file("b.prox"), listing("b.test", "new.txt", "127.0.0.2"));
    write_file(file("new.txt"), "n.te");
    const auto waiting = reload(routes, {.open = {shown("new.txt")}});
    CHECK(waiting.state->success);
    CHECK(answer(waiting, "b.test") == "none");
    CHECK(waiting.look_again);
    write_file(file("new.txt"), "n.test\n");
    CHECK(answer(reload(routes), "n.test") == "127.0.0.2");
}

TEST_CASE_METHOD(ListFixture, "lists of subdirectories are their own, and stay while a directory is not there") {
    fs::create_directory(file("team"));
    write_file(file("team/t.prox"), listing("t.test", "block.txt", "127.0.0.2"));
    write_file(file("team/block.txt"), "team.test\n");
    auto routes = store();
    const auto loaded = reload(routes);
    CHECK(answer(loaded, "team.test") == "127.0.0.2");
    CHECK(answer(loaded, "one.test") == "127.0.0.1");
    fs::rename(location, location + ".away");
    const auto gone = reload(routes);
    CHECK(answer(gone, "team.test") == "127.0.0.2");
    fs::rename(location + ".away", location);
    const auto back = reload(routes);
    CHECK(back.state->success);
    CHECK(answer(back, "one.test") == "127.0.0.1");
    CHECK_FALSE(back.table_changed);
}

TEST_CASE_METHOD(StoreFixture, "a ConfigMap's list is that of the same version as its route file") {
    const auto publish = [&](const std::string& version, const std::string& name) {
        fs::create_directory(file("..v" + version));
        write_file(file("..v" + version + "/a.prox"), listing("a.test", "block.txt", "127.0.0." + version));
        write_file(file("..v" + version + "/block.txt"), name + "\n");
        fs::remove(file("..data_tmp"));
        fs::create_directory_symlink("..v" + version, file("..data_tmp"));
        fs::rename(file("..data_tmp"), file("..data"));
    };
    publish("1", "one.test");
    fs::create_symlink("..data/a.prox", file("a.prox"));
    fs::create_symlink("..data/block.txt", file("block.txt"));
    auto routes = store();
    CHECK(answer(reload(routes), "one.test") == "127.0.0.1");
    publish("2", "two.test");
    const auto second = reload(routes);
    CHECK(second.state->success);
    CHECK(answer(second, "two.test") == "127.0.0.2");
    CHECK(answer(second, "one.test") == "none");
}

TEST_CASE_METHOD(ListFixture, "faulty names of lists are faults of the section") {
    write_file(file("a.prox"), listing("a.test", "../a.txt") + listing("b.test", "b.prox") +
                                   "[c.test]\nanswer = refused\npatterns = x\npatterns = y\n");
    auto routes = store();
    const auto faults = texts(reload(routes).state->faults);
    REQUIRE(faults.size() == 3);
    CHECK(faults[0].starts_with(shown("a.prox") + ":3: `patterns`: `../a.txt` was found; expected the name of a text"));
    CHECK(faults[1].starts_with(shown("a.prox") + ":6: `patterns`: `b.prox` was found"));
    CHECK(faults[2].starts_with(shown("a.prox") + ":10: `patterns` stands twice"));
}

TEST_CASE_METHOD(StoreFixture, "the lists of a file are bounded together") {
    std::string names;
    for (int i = 0; i < 500'000; ++i) names += std::to_string(i) + "\n";
    write_file(file("large.txt"), names);
    std::string sections;
    for (int i = 0; i < 34; ++i) sections += listing("s" + std::to_string(i) + ".test", "large.txt");
    write_file(file("a.prox"), sections);
    auto routes = store();
    const auto faults = texts(reload(routes).state->faults);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0] == shown("a.prox") + ":102: `patterns`: the lists of this file hold more than 16777216 patterns, "
                                         "counted for each section that names them");
}
