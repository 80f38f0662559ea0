// SPDX-License-Identifier: MIT
#include "settings/main_file.hpp"

#include "catch.hpp"
#include "ini/ini_reader.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::config;
using dproxy::test::TemporaryDirectory;
using dproxy::test::write_file;

/// The working directory, until the end of the scope.
class WorkingDirectory {
public:
    explicit WorkingDirectory(const std::filesystem::path& path) : before_(std::filesystem::current_path()) {
        std::filesystem::current_path(path);
    }
    ~WorkingDirectory() { std::filesystem::current_path(before_); }

private:
    std::filesystem::path before_;
};

}  // namespace

TEST_CASE("the flag names the main file, else the environment, else config.gcfg is it", "[settings]") {
    const TemporaryDirectory directory;
    const WorkingDirectory here(directory.path());
    CHECK_FALSE(find_main_file(std::nullopt, {}).file);
    CHECK_FALSE(find_main_file(std::nullopt, {}).fault);

    write_file(directory / "config.gcfg", "[dproxy]\nport = 1\n");
    write_file(directory / "b", "[dproxy]\nport = 2\n");
    write_file(directory / "c", "[dproxy]\nport = 3\n");
    const auto port = [](const std::optional<std::string>& flag, std::vector<std::string> environment) {
        const auto reading = load_settings(flag, std::move(environment), {}, {});
        CHECK(reading.diagnostics.empty());
        return reading.settings.port;
    };
    CHECK(port(std::nullopt, {}) == 1);
    CHECK(port(std::nullopt, {"DPROXY_CONFIG="}) == 1);
    CHECK(port(std::nullopt, {"DPROXY_CONFIG=b"}) == 2);
    CHECK(port("c", {"DPROXY_CONFIG=b"}) == 3);
    CHECK(port("c", {"DPROXY_PORT=4"}) == 4);
}

TEST_CASE("a main file that was named must be there", "[settings]") {
    const TemporaryDirectory directory;
    for (const auto& name : {directory / "none", directory.path()}) {
        const auto reading = load_settings(name.string(), {}, {}, {});
        REQUIRE(reading.diagnostics.size() == 1);
        CHECK(reading.diagnostics[0].severity == Severity::error);
        CHECK(reading.diagnostics[0].file == name.string());
        CHECK(reading.diagnostics[0].message.starts_with("the main file cannot be read: "));
    }
    CHECK(find_main_file("", {}).fault);
    CHECK(find_main_file(std::nullopt, {"DPROXY_CONFIG=/nowhere/at/all"}).fault);
}

TEST_CASE("a main file that is too large is a fault", "[settings]") {
    const TemporaryDirectory directory;
    const auto path = (directory / "large").string();
    std::string text = "[dproxy]\n";
    while (text.size() < max_ini_file_bytes) text += "# filling up\n";
    text.resize(max_ini_file_bytes);
    write_file(path, text);
    CHECK(load_settings(path, {}, {}, {}).diagnostics.empty());
    write_file(path, text + "#");
    CHECK(load_settings(path, {}, {}, {}).diagnostics.size() == 1);
}
