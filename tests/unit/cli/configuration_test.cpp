// SPDX-License-Identifier: MIT
#include "cli/configuration.hpp"

#include <sstream>

#include "catch.hpp"
#include "config_directory.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;

struct ConfigurationFixture {
    TemporaryDirectory top;
    Arguments arguments;

    ConfigurationFixture() {
        fs::create_directory(top / "routes");
        write_file(top / "routes" / "a.prox", route("a.test"));
        arguments.config_file = (top / "main.conf").string();
        write_main("");
    }
    void write_main(const std::string& keys) const {
        write_file(top / "main.conf", "[dproxy]\nupstreamlocation = " + (top / "routes").string() + "\n" + keys);
    }
    Configuration read(const std::vector<std::string>& environment = {}) const {
        return read_configuration(arguments, environment);
    }
};

std::string printed(const config::Diagnostics& faults) {
    std::ostringstream to;
    print_faults(faults, to);
    return to.str();
}

}  // namespace

TEST_CASE_METHOD(ConfigurationFixture, "good files have their routes, and no fault", "[configuration]") {
    const Configuration configuration = read();
    CHECK(configuration.settings_good);
    CHECK(configuration.routes->routes == 1);
    CHECK(configuration.errors() == 0);
    CHECK(configuration.warnings() == 0);
    CHECK(printed(configuration.faults) == "");
}

TEST_CASE_METHOD(ConfigurationFixture, "faults of the settings come first, and leave the routes", "[configuration]") {
    write_main("port = 0\n");
    write_file(top / "routes" / "b.prox", "[b.test]\nadress = 192.0.2.1\n");
    const Configuration configuration = read();
    CHECK_FALSE(configuration.settings_good);
    CHECK(configuration.settings.port == 53);  // its default
    CHECK(configuration.routes->routes == 1);
    REQUIRE(configuration.errors() >= 2);
    CHECK(configuration.faults.front().file == arguments.config_file);
    CHECK(configuration.faults.front().line == 3);
    CHECK(configuration.faults.back().file == (top / "routes/b.prox").string());
}

TEST_CASE_METHOD(ConfigurationFixture, "a fault of a route leaves the settings good", "[configuration]") {
    write_file(top / "routes" / "b.prox", "[b.test]\n");
    const Configuration configuration = read();
    CHECK(configuration.settings_good);
    CHECK(configuration.errors() == 1);
}

TEST_CASE_METHOD(ConfigurationFixture, "directories of the command line stand in place of the settings' own",
                 "[configuration]") {
    fs::create_directory(top / "other");
    write_file(top / "other" / "b.prox", route("b.test") + route("c.test"));
    arguments.directories = {(top / "other").string()};
    CHECK(read().routes->routes == 2);
    arguments.directories = {(top / "missing").string(), (top / "other").string(), (top / "main.conf").string()};
    const Configuration configuration = read();
    CHECK(configuration.routes->routes == 2);
    CHECK(configuration.errors() == 2);
    CHECK(printed(configuration.faults) == (top / "missing").string() + ": there is no such directory\n" +
                                               (top / "main.conf").string() + ": there is no such directory\n");
    CHECK(configuration.settings_good);
}

TEST_CASE_METHOD(ConfigurationFixture, "a directory of the settings may come later", "[configuration]") {
    fs::remove_all(top / "routes");
    const Configuration configuration = read();
    CHECK(configuration.errors() == 0);
    CHECK(configuration.warnings() == 1);
    CHECK(printed(configuration.faults).starts_with((top / "routes").string() + ": warning: "));
}

TEST_CASE_METHOD(ConfigurationFixture, "the environment and the flags say the last word", "[configuration]") {
    fs::create_directory(top / "other");
    write_file(top / "other" / "b.conf", route("b.test") + route("c.test") + route("d.test"));
    const std::string elsewhere = "DPROXY_UPSTREAMLOCATION=" + (top / "other").string();
    arguments.settings = {{"upstreamextension", ".conf"}};
    CHECK(read({elsewhere}).routes->routes == 3);
}

TEST_CASE_METHOD(ConfigurationFixture, "an upstream that is dproxy itself is a warning", "[configuration]") {
    write_main("port = 1053\n");
    write_file(top / "routes" / "b.prox", route("b.test", "127.0.0.1:1053"));
    const Configuration configuration = read();
    CHECK(configuration.errors() == 0);
    CHECK(configuration.warnings() == 1);
    CHECK(printed(configuration.faults).find("b.prox:1: warning: `address`: at 127.0.0.1:1053") != std::string::npos);
}

TEST_CASE("a warning alone is no error", "[configuration]") {
    using config::Severity;
    CHECK_FALSE(has_error({}));
    CHECK_FALSE(has_error({{Severity::warning, "f", 0, "m"}}));
    CHECK(has_error({{Severity::warning, "f", 0, "m"}, {Severity::error, "g", 2, "n"}}));
    CHECK(printed({{Severity::warning, "f", 0, "m"}, {Severity::error, "g", 2, "n"}}) == "f: warning: m\ng:2: n\n");
}
