// SPDX-License-Identifier: MIT
#include "cli/verbs.hpp"

#include <boost/json.hpp>

#include "catch.hpp"
#include "one_shot_server.hpp"
#include "run_words.hpp"
#include "settings/setting_keys.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::cli;
using namespace dproxy::test;
namespace json = boost::json;

Run run(const std::vector<std::string>& words, const std::vector<std::string>& environment = {}) {
    return run_words(words, environment);
}

/// A main file and a directory of routes.
class Files {
public:
    Files() {
        std::filesystem::create_directory(directory_ / "routes");
        write_main("port = 1053\n");
        write_file(directory_ / "routes" / "a.prox", route("a.example *.a.example", "192.0.2.1:53"));
    }
    void write_main(const std::string& keys) {
        write_file(main(), "[dproxy]\nupstreamlocation = " + routes() + "\n" + keys);
    }
    void write_routes(const std::string& text) { write_file(directory_ / "routes" / "b.prox", text); }
    std::string main() const { return directory_ / "main.conf"; }
    std::string routes() const { return directory_ / "routes"; }
    std::string missing() const { return directory_ / "missing"; }

private:
    TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("help lists every key with its default, and fits a terminal", "[cli]") {
    const auto help = run({"--help"});
    CHECK(help.status == exit_good);
    for (const auto& key : dproxy::config::setting_keys()) {
        INFO(key.name);
        CHECK(help.out.find("\n  " + std::string(key.name) + " ") != std::string::npos);
        if (key.default_text != "-")
            CHECK(help.out.find("(" + std::string(key.default_text) + ")\n") != std::string::npos);
    }
    for (const auto* verb :
         {"serve", "check", "explain", "routes", "diff", "import", "healthcheck", "wait", "flush", "top", "ask"}) {
        CHECK(help.out.find(verb) != std::string::npos);
    }
    CHECK(help.out.find("config.gcfg") != std::string::npos);
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 120);
    CHECK(run({"--version"}).out.starts_with("dproxy "));
}

TEST_CASE("check of good files", "[cli]") {
    const Files files;
    const auto checked = run({"check", "--config", files.main()});
    CHECK(checked.status == exit_good);
    CHECK(checked.out == "1 route in 1 file, 0 errors, 0 warnings\n");
    CHECK(checked.err == "");
}

TEST_CASE("check lists every fault of the main file and of the routes", "[cli]") {
    Files files;
    files.write_main("port = 99999\n[redis]\n");
    files.write_routes("[b.example]\nport = 53\n");
    const auto checked = run({"check", "--config", files.main()}, {"DPROXY_WORKERS=x"});
    CHECK(checked.status == exit_faults);
    CHECK(checked.err == "");
    CHECK(checked.out.find(files.main() + ":3: `port`: `99999` is out of range; expected 1 to 65535\n") !=
          std::string::npos);
    CHECK(checked.out.find(files.main() + ":4: warning: [redis] is ignored") != std::string::npos);
    CHECK(checked.out.find("DPROXY_WORKERS: `x` is not a number") != std::string::npos);
    CHECK(checked.out.find(files.routes() + "/b.prox:1: ") != std::string::npos);
    CHECK(checked.out.ends_with("\n1 route in 2 files, 3 errors, 1 warning\n"));

    const auto report = json::parse(run({"check", "--config", files.main(), "--format", "json"}).out).as_object();
    CHECK(report.at("valid") == false);
    CHECK(report.at("routes") == 1);
    REQUIRE(report.at("files").as_array().size() == 2);
    const auto& broken = report.at("files").at(1).as_object();
    CHECK(broken.at("file") == json::value(files.routes() + "/b.prox"));
    CHECK(broken.at("valid") == false);
    CHECK(broken.at("hash").as_string().size() == 16);
    CHECK(broken.at("hash_in_force").is_null());
    CHECK(report.at("errors") == 2);
    CHECK(report.at("warnings") == 1);
    REQUIRE(report.at("faults").as_array().size() == 3);
    const auto& first = report.at("faults").at(0).as_object();
    CHECK(first.at("severity") == "error");
    CHECK(first.at("file") == json::value(files.main()));
    CHECK(first.at("line") == 3);
    CHECK(first.at("message") == "`port`: `99999` is out of range; expected 1 to 65535");
}

TEST_CASE("check: warnings alone are good, missing files are not", "[cli]") {
    Files files;
    files.write_main("[redis]\n");
    const auto warned = run({"check", "--config", files.main(), "--format=json"});
    CHECK(warned.status == exit_good);
    CHECK(json::parse(warned.out).at("valid") == true);

    CHECK(run({"check", "--config", files.missing(), files.routes()}).status == exit_faults);
    const auto no_directory = run({"check", "--config", files.main(), files.missing()});
    CHECK(no_directory.status == exit_faults);
    CHECK(no_directory.out.find(files.missing() + ": there is no such directory\n") != std::string::npos);
    // One of the settings may come later.
    CHECK(run({"check", "--config", files.main(), "--upstreamlocation", files.missing()}).status == exit_good);
}

TEST_CASE("check takes directories instead of those of the settings", "[cli]") {
    Files files;
    const TemporaryDirectory other;
    write_file(other / "x.prox", route("x.example") + route("y.example"));
    const auto checked = run({"check", "--config", files.main(), other.text()});
    CHECK(checked.out == "2 routes in 1 file, 0 errors, 0 warnings\n");
    CHECK(run({"check", "--config", files.main(), other.text(), files.routes()}).out ==
          "3 routes in 2 files, 0 errors, 0 warnings\n");
}

TEST_CASE("routes prints the effective table", "[cli]") {
    Files files;
    const auto listed = run({"routes", "--config", files.main()});
    CHECK(listed.status == exit_good);
    CHECK(listed.out == "a.example    192.0.2.1:53     " + files.routes() +
                            "/a.prox:1\n"
                            "*.a.example  192.0.2.1:53     " +
                            files.routes() +
                            "/a.prox:1\n"
                            "(none)       answers REFUSED\n");
    const auto report = json::parse(run({"routes", "--config", files.main(), "--format", "json"}).out);
    CHECK(report.at("routes").as_array().size() == 2);
    CHECK(report.at("otherwise").at("answer") == "refused");

    files.write_routes("[broken\n");
    const auto broken = run({"routes", "--config", files.main()});
    CHECK(broken.status == exit_faults);
    CHECK(broken.out == listed.out);
    CHECK(broken.err.find("/b.prox:1: ") != std::string::npos);

    const auto unset = run({"routes", "--config", files.main(), "--port", "0"});
    CHECK(unset.status == exit_usage);
    CHECK(unset.out == "");
    CHECK(unset.err.find("--port: `0`") != std::string::npos);
}

TEST_CASE("explain prints the way of a name", "[cli]") {
    const Files files;
    const auto text = run({"explain", "www.a.example", "--config", files.main()});
    CHECK(text.status == exit_good);
    CHECK(text.out.starts_with("www.a.example is routed by *.a.example\n"));
    const auto report = json::parse(run({"explain", "b.example", "ds", "--config", files.main(), "--format=json"}).out);
    CHECK(report.at("result") == "none");
    CHECK(report.at("type") == "DS");
    CHECK(report.as_object().contains("remark"));
    const auto bad = run({"explain", "a..b", "--config", files.main()});
    CHECK(bad.status == exit_usage);
    CHECK(bad.err.starts_with("explain: the name `a..b` cannot be read"));
    CHECK(run({"explain", "a", "--config", files.missing()}).status == exit_usage);
}

TEST_CASE("routes and explain ask a running instance", "[cli]") {
    const std::string body = R"({"routes":[{"pattern":"x","upstreams":["192.0.2.9:53"],"file":"f","line":3}]})";
    std::string request;
    {
        const OneShotServer server(SOCK_STREAM, http_page(http_response("200 OK", body), &request));
        CHECK(run({"routes", "--admin", server.endpoint().to_string()}).out == "x  192.0.2.9:53  f:3\n");
    }
    CHECK(request.starts_with("GET /routes HTTP/1.1\r\n"));
    {
        const OneShotServer server(SOCK_STREAM, http_page(http_response("200 OK", body)));
        const auto listed =
            run({"routes", "--format=json", "--admin", "http://" + server.endpoint().to_string() + "/"});
        CHECK(json::parse(listed.out) == json::parse(body));
    }
    {
        const OneShotServer server(
            SOCK_STREAM,
            http_page(http_response("200 OK", R"({"name":"a\\.b","result":"none","answer":"refused"})"), &request));
        CHECK(run({"explain", "a\\.b", "MX", "--admin", server.endpoint().to_string()}).out ==
              "a\\.b has no route and is answered REFUSED\n");
    }
    CHECK(request.starts_with("GET /explain?name=a%5C.b&type=MX HTTP/1.1\r\n"));
}

TEST_CASE("healthcheck asks /readyz", "[cli]") {
    std::string request;
    {
        const OneShotServer server(SOCK_STREAM, http_page(http_response("200 OK", "ready\n"), &request));
        const auto ready = run({"healthcheck", "--admin", "0.0.0.0:" + std::to_string(server.endpoint().port)});
        CHECK(ready.status == exit_good);
        CHECK(ready.out == "ready\n");
    }
    CHECK(request.starts_with("GET /readyz HTTP/1.1\r\n"));
    {
        const OneShotServer server(SOCK_STREAM,
                                   http_page(http_response("503 Service Unavailable", "draining\n"), &request));
        const auto draining = run({"healthcheck", "http://" + server.endpoint().to_string()});
        CHECK(draining.status == exit_faults);
        CHECK(draining.err == "http://" + server.endpoint().to_string() + "/readyz: status 503, `draining`\n");
    }
    CHECK(request.starts_with("GET /readyz HTTP/1.1\r\n"));
    {
        const OneShotServer server(SOCK_STREAM, http_page(http_response("200 OK", ""), &request));
        CHECK(run({"healthcheck", server.endpoint().to_string() + "/livez"}).status == exit_good);
    }
    CHECK(request.starts_with("GET /livez HTTP/1.1\r\n"));
}

TEST_CASE("healthcheck says why not", "[cli]") {
    CHECK(run({"healthcheck", "ftp://x"}).status == exit_usage);
    const auto off = run({"healthcheck", "--admin", "off"});
    CHECK(off.status == exit_faults);
    CHECK(off.err.starts_with("admin: the HTTP side is off"));
    CHECK(run({"healthcheck"}, {"DPROXY_PORT=x"}).status == exit_usage);
    dproxy::net::Endpoint closed;
    {
        closed = OneShotServer(SOCK_STREAM, [](int) {}).endpoint();
    }
    const auto refused = run({"healthcheck", closed.to_string()});
    CHECK(refused.status == exit_faults);
    CHECK(refused.err.find("connecting: ") != std::string::npos);
}
