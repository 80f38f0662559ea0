// SPDX-License-Identifier: MIT
#include <boost/json.hpp>

#include "catch.hpp"
#include "one_shot_server.hpp"
#include "run_words.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::cli;
using namespace dproxy::test;
namespace json = boost::json;

Run run(std::vector<std::string> words, const std::vector<std::string>& environment = {}) {
    return run_verb_with("diff", std::move(words), environment);
}

}  // namespace

TEST_CASE("diff compares two directories", "[cli]") {
    const TemporaryDirectory old, now, same;
    write_file(old / "a.prox", route(".a.test", "192.0.2.1") + route("b.test", "192.0.2.2"));
    write_file(same / "z.prox", route("b.test", "192.0.2.2:53") + route("*.a.test a.test", "192.0.2.1"));
    write_file(now / "a.prox", route(".a.test", "192.0.2.1") + route("x.a.test", "192.0.2.9"));

    const auto none = run({old.text(), same.text()});
    CHECK(none.status == exit_good);
    CHECK(none.out == "0 patterns added, 0 removed, 0 changed\n");
    CHECK(none.err == "");

    const auto some = run({old.text(), now.text()});
    CHECK(some.status == exit_faults);
    CHECK(some.out == "+ x.a.test  192.0.2.1:53 by *.a.test -> 192.0.2.9:53  " + now.text() +
                          "/a.prox:3\n"
                          "- b.test  192.0.2.2:53 -> answers REFUSED by no route  " +
                          old.text() + "/a.prox:3\n1 pattern added, 1 removed, 0 changed\n");
    CHECK(json::parse(run({"--format", "json", old.text(), now.text()}).out).at("added") == 1);
    const auto table = run({"--format=markdown", old.text(), now.text()});
    CHECK(table.out.find("\n|---|---|---|---|---|\n") != std::string::npos);
}

TEST_CASE("diff tells the keys that are others", "[cli]") {
    const TemporaryDirectory old, now;
    write_file(old / "a.prox", route("a.test", "192.0.2.1"));
    write_file(now / "a.prox", route("a.test", "192.0.2.1") + "timeout = 1s\nallow = 10.0.0.0/8\n");
    CHECK(run({old.text(), now.text()}).out ==
          "~ a.test  192.0.2.1:53; allow default -> 10.0.0.0/8; timeout_ms default -> 1000  " + now.text() +
              "/a.prox:1\n0 patterns added, 0 removed, 1 changed\n");
}

TEST_CASE("diff tells faults of either side as check does, and compares what is good", "[cli]") {
    const TemporaryDirectory old, now;
    write_file(old / "a.prox", route("a.test", "192.0.2.1"));
    write_file(now / "a.prox", route("a.test", "192.0.2.1"));
    write_file(now / "b.prox", "[b.test]\nadress = 192.0.2.2\n");
    const auto broken = run({old.text(), now.text()});
    CHECK(broken.status == exit_usage);
    CHECK(broken.err == now.text() + "/b.prox:2: unknown key `adress`; did you mean `address`?\n");
    CHECK(broken.out == "0 patterns added, 0 removed, 0 changed\n");
    const auto missing = run({old.text() + "/none", now.text()});
    CHECK(missing.status == exit_usage);
    CHECK(missing.err.starts_with(old.text() + "/none: there is no such directory\n"));
    const auto settings = run({old.text(), now.text()}, {"DPROXY_PORT=x"});
    CHECK(settings.status == exit_usage);
    CHECK(settings.out == "");
    CHECK(settings.err.find("DPROXY_PORT") == settings.err.rfind("DPROXY_PORT"));
}

TEST_CASE("diff compares a running instance with a directory", "[cli]") {
    const TemporaryDirectory now;
    write_file(now / "a.prox", route("a.test", "192.0.2.1"));
    const std::string other = R"({"routes":[{"pattern":"a.test","route":"a.test","file":"f","line":9,)"
                              R"("upstreams":["192.0.2.7:53"],"protocol":"udp","policy":"least-outstanding"}],)"
                              R"("otherwise":{"result":"none","answer":"drop"}})";
    const auto ask = [&](const std::string& body, const std::string& status) {
        const OneShotServer server(SOCK_STREAM, http_page(http_response(status, body)));
        return run({"--admin", server.endpoint().to_string(), now.text()});
    };
    const auto ask_with = [&](const std::string& routes, const std::string& faults) {
        const OneShotServer server(
            SOCK_STREAM, http_pages({http_response("200 OK", routes),
                                     http_response("200 OK", R"({"routes":{"faults":)" + faults + "}}")}));
        return run({"--admin", server.endpoint().to_string(), now.text()});
    };
    const auto changed = ask_with(other, "[]");
    CHECK(changed.status == exit_faults);
    CHECK(changed.out == "~ a.test  192.0.2.7:53 -> 192.0.2.1:53  " + now.text() +
                             "/a.prox:1\n0 patterns added, 0 removed, 1 changed\n");
    // Where names without a route go is the running instance's affair: settings are not compared.
    CHECK(ask_with(R"({"routes":[],"otherwise":{"result":"none","answer":"drop"}})", "[]").out ==
          "+ a.test  dropped by no route -> 192.0.2.1:53  " + now.text() +
              "/a.prox:1\n1 pattern added, 0 removed, 0 changed\n");
    CHECK(ask("{}", "200 OK").status == exit_usage);
    CHECK(ask("{}", "200 OK").err.find("the answer is not what /routes of dproxy tells") != std::string::npos);
    CHECK(ask("no", "404 Not Found").status == exit_usage);

    const auto warned = ask_with(
        other, R"([{"file":"/r/b.prox","line":7,"severity":"warning","message":"is it meant?"}])");
    CHECK(warned.status == exit_faults);
    CHECK(warned.err == "/r/b.prox:7: warning: is it meant?\n");
    const auto faulty = ask_with(other, R"([{"file":"/r/b.prox","line":7,"severity":"error","message":"is broken"}])");
    CHECK(faulty.status == exit_usage);
    CHECK(faulty.err == "/r/b.prox:7: is broken\n");
    CHECK(faulty.out == changed.out);
    for (const std::string no_faults : {"{}", R"(1}, "x":{"faults":[])"}) {
        const auto unknown = ask_with(other, no_faults);
        CHECK(unknown.status == exit_usage);
        CHECK(unknown.out == "");
        CHECK(unknown.err.find("the answer is not what /status of dproxy tells") != std::string::npos);
    }
}
