// SPDX-License-Identifier: MIT
#include "admin/pages.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace dproxy::admin;
using namespace std::chrono_literals;

namespace {

struct Scene {
    std::vector<WorkerTurn> workers{{"worker 0", 0s}, {"worker 1", 1s}};
    std::optional<std::string> not_ready;
    std::vector<Page> pages = make_pages({
        [] { return std::string("metrics\n"); },
        [this] { return workers; },
        [this] { return not_ready; },
        [](const Parameters& asked) {
            const std::string* search = asked.find("search");
            return [search = search ? *search : std::string()](std::string& piece) {
                piece += "<!doctype html>" + search;
                return false;
            };
        },
        [] { return std::string(R"({"status":1})"); },
        [] {
            return [](std::string& piece) {
                piece += R"({"routes":1})";
                return false;
            };
        },
        [](std::string_view name) {
            return [name = std::string(name)](std::string& piece) {
                piece += "{\"files\":[\"" + name + "\"]}";
                return false;
            };
        },
        [](std::uint32_t seconds) {
            return [seconds](std::string& piece) {
                piece += "{\"history\":" + std::to_string(seconds) + "}";
                return false;
            };
        },
        [](std::string_view name, std::string_view type, std::string_view client) {
            if (name == "..") return Finding{false, "The name .. has an empty label."};
            return Finding{true, std::string(name) + "," + std::string(type) + "," + std::string(client)};
        },
        [](std::string_view name) {
            if (name == "..") return Finding{false, "The name .. has an empty label."};
            return Finding{true, "{\"name\":\"" + std::string(name) + "\"}"};
        },
        [](std::string_view name, std::string_view duration) {
            if (duration == "x") return Finding{false, "x was found."};
            return Finding{true, "{\"name\":\"" + std::string(name) + "," + std::string(duration) + "\"}"};
        },
        [this] { return not_ready ? Finding{false, "There is no trace."} : Finding{true, R"({"steps":[]})"}; },
    });

    Response get(std::string_view target) const {
        const Target parts = split_target(target);
        const auto page =
            std::find_if(pages.begin(), pages.end(), [&](const Page& each) { return each.path == parts.path; });
        REQUIRE(page != pages.end());
        return page->handler({std::string(parts.path), parse_query(parts.query).value()});
    }
};

}  // namespace

TEST_CASE("metrics are in the text format, whatever the scraper would rather have") {
    const Response response = Scene().get("/metrics");
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(response.body == "metrics\n");
}

TEST_CASE("live while every worker turns over") {
    Scene scene;
    for (const char* path : {"/livez", "/healthz"}) {
        scene.workers[1].still = stall_limit;
        CHECK(scene.get(path).status == 200);
        scene.workers[1].still = stall_limit + 1s;
        const Response response = scene.get(path);
        CHECK(response.status == 503);
        CHECK(response.body == "worker 1 has not turned over for 11 s\n");
    }
}

TEST_CASE("ready, or why not") {
    Scene scene;
    CHECK(scene.get("/readyz").status == 200);
    scene.not_ready = "draining";
    CHECK(scene.get("/readyz").status == 503);
    CHECK(scene.get("/readyz").body == "draining\n");
}

TEST_CASE("status, routes and explain are JSON") {
    const Scene scene;
    CHECK(scene.get("/status").body == R"({"status":1})");
    CHECK(scene.get("/routes").body == R"({"routes":1})");
    CHECK(scene.get("/files").body == R"({"files":[""]})");
    CHECK(scene.get("/history").body == R"({"history":7200})");
    CHECK(scene.get("/history?seconds=60").body == R"({"history":60})");
    CHECK(scene.get("/files?file=r%2Fa.prox").body == R"({"files":["r/a.prox"]})");
    CHECK(scene.get("/explain?name=a.example&type=MX&client=::1").body == "a.example,MX,::1");
    CHECK(scene.get("/explain?name=a.example").body == "a.example,,");
    for (const char* path : {"/status", "/routes", "/files", "/history", "/explain?name=a"}) {
        CHECK(scene.get(path).content_type == "application/json");
    }
}

TEST_CASE("a history is of a number of seconds that there may be") {
    const Scene scene;
    for (const char* seconds : {"", "0", "7201", "-1", "60s", "4294967297"}) {
        const std::string target = std::string("/history?seconds=") + seconds;
        CHECK(scene.get(target).status == 400);
        CHECK(scene.get(target).body.find("1 to 7200") != std::string::npos);
    }
}

TEST_CASE("explain needs a name that can be read") {
    const Scene scene;
    for (const char* target : {"/explain", "/explain?name=", "/explain?type=A"}) {
        CHECK(scene.get(target).status == 400);
        CHECK(scene.get(target).body.find("name is missing") != std::string::npos);
    }
    const Response response = scene.get("/explain?name=..");
    CHECK(response.status == 400);
    CHECK(response.content_type == "text/plain; charset=utf-8");
    CHECK(response.body == "The name .. has an empty label.\n");
}

TEST_CASE("the first page is HTML, for people") {
    const Response response = Scene().get("/");
    CHECK(response.content_type == "text/html; charset=utf-8");
    CHECK(response.body == "<!doctype html>");
}

TEST_CASE("what is forgotten is said at once and once, or is all") {
    const Scene scene;
    CHECK(scene.get("/flush").body == R"({"name":"."})");
    CHECK(scene.get("/flush?name=a%2Etest").body == R"({"name":"a.test"})");
    CHECK(scene.get("/flush").content_type == "application/json");
    for (const char* target : {"/flush?name=", "/flush?nmae=a.test", "/flush?name=a.test&name=b.test",
                               "/flush?name=a.test&all=1", "/flush?Name=a.test", "/flush?name=.."}) {
        INFO(target);
        CHECK(scene.get(target).status == 400);
        CHECK(scene.get(target).content_type == "text/plain; charset=utf-8");
    }
}

TEST_CASE("a trace is begun for a name, for half a minute or as long as it is said") {
    const Scene scene;
    CHECK(scene.get("/trace?name=a%2Etest").body == R"({"name":"a.test,30s"})");
    CHECK(scene.get("/trace?name=a.test&for=2m").body == R"({"name":"a.test,2m"})");
    CHECK(scene.get("/trace?name=a.test").content_type == "application/json");
    for (const char* target : {"/trace", "/trace?name=", "/trace?for=2m", "/trace?name=a.test&fro=2m",
                               "/trace?name=a.test&name=b.test", "/trace?name=a.test&for=x"}) {
        CHECK(scene.get(target).status == 400);
    }
}

TEST_CASE("the steps of a trace are told, or that there is none") {
    Scene scene;
    CHECK(scene.get("/trace/steps").body == R"({"steps":[]})");
    scene.not_ready = "starting";
    CHECK(scene.get("/trace/steps").status == 400);
}
