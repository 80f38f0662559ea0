// SPDX-License-Identifier: MIT
#include "certificates/file_text.hpp"

#include <atomic>
#include <thread>

#include "catch.hpp"
#include "config_directory.hpp"

using namespace dproxy;
using namespace dproxy::certificates;

TEST_CASE("files are read in the order they are named", "[file_text]") {
    const test::TemporaryDirectory top;
    test::write_file(top / "a", "one");
    test::write_file(top / "b", "");
    const auto read = read_together({(top / "b").string(), (top / "a").string()}, 10);
    CHECK(read.of_one_version);
    const auto& files = read.files;
    REQUIRE(files.size() == 2);
    CHECK(files[0].text.empty());
    CHECK_FALSE(files[0].error);
    CHECK(files[1].text == "one");
    CHECK(files[1].name == (top / "a").string());
}

TEST_CASE("a file that cannot be read says why", "[file_text]") {
    const test::TemporaryDirectory top;
    test::write_file(top / "large", std::string(11, 'x'));
    const auto files =
        read_together({(top / "none").string(), (top / "large").string(), (top / "").string()}, 10).files;
    CHECK(files[0].error == std::errc::no_such_file_or_directory);
    CHECK(files[1].error == std::errc::file_too_large);
    CHECK(files[1].text.empty());
    CHECK(files[2].error == std::errc::is_a_directory);
}

TEST_CASE("files that are replaced all the time are of one version, or said not to be", "[file_text]") {
    const test::TemporaryDirectory top;
    test::ConfigMapDirectory mounted(top / "secret");
    const auto publish = [&](char version) {
        mounted.publish({{"a", std::string(2000, version)}, {"b", std::string(2000, version)}});
    };
    publish('0');
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 0; i < 300; ++i) publish(static_cast<char>('0' + i % 10));
        done = true;
    });
    std::size_t mixed = 0;
    do {
        const auto read = read_together({(top / "secret/a").string(), (top / "secret/b").string()}, 5000);
        mixed += read.of_one_version && read.files[0].text != read.files[1].text;
    } while (!done);
    writer.join();
    CHECK(mixed == 0);
}
