// SPDX-License-Identifier: MIT
#include <iterator>

#include "catch.hpp"
#include "run_words.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::cli;
using namespace dproxy::test;

Run run(std::vector<std::string> words) { return run_verb_with("import", std::move(words)); }

std::string file_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("import writes a route file, and tells what it left out", "[cli]") {
    const TemporaryDirectory directory;
    const std::string file = directory / "dnsmasq.conf";
    write_file(file, "no-resolv\nserver=/a.test/192.0.2.1\n");
    const auto whole = run({file});
    CHECK(whole.status == exit_good);
    CHECK(whole.err == "");
    CHECK(whole.out.ends_with("\n# line 2\n[.a.test]\n\taddress\t= 192.0.2.1\n"));
    write_file(file, "no-resolv\nserver=/a.test/192.0.2.1\nport=5300\n");
    const auto some = run({file});
    CHECK(some.status == exit_faults);
    CHECK(some.out == whole.out);
    CHECK(some.err ==
          file + ":3: `port` has no counterpart in a route file: the setting `port` says where dproxy listens\n");
}

TEST_CASE("import into a file, with a list beside it where it would be too large", "[cli]") {
    const TemporaryDirectory directory;
    const std::string file = directory / "dnsmasq.conf";
    write_file(file, "no-resolv\nserver=/a.test/192.0.2.1\n");
    const auto small = run({file, "--to", (directory / "small.prox").string()});
    CHECK(small.status == exit_good);
    CHECK(small.out == "");
    CHECK(file_text(directory / "small.prox").ends_with("[.a.test]\n\taddress\t= 192.0.2.1\n"));
    std::string lines = "no-resolv\n";
    for (int i = 0; i < 100'000; ++i) lines += "address=/tracker" + std::to_string(i) + ".test/\n";
    write_file(file, lines);
    CHECK(run({file}).status == exit_faults);
    const auto large = run({file, "--to", (directory / "block.prox").string()});
    CHECK(large.status == exit_good);
    CHECK(large.err == "");
    CHECK(file_text(directory / "block.prox")
              .ends_with("\n[.tracker0.test]\n\tanswer\t= nxdomain\n\tpatterns\t= block-1.txt\n"));
    CHECK(file_text(directory / "block-1.txt").starts_with(".tracker1.test\n.tracker2.test\n"));
    CHECK(run({file, "--to", (directory / "a b;.prox").string()}).status == exit_good);
    CHECK(file_text(directory / "a b;.prox").ends_with("= imported-1.txt\n"));
    const auto nowhere = run({file, "--to", (directory / "missing/x b.prox").string()});
    CHECK(nowhere.status == exit_usage);
    const std::string list = (directory / "missing/imported-1.txt").string();
    CHECK(nowhere.err == "import: " + list + ": No such file or directory\n");
}

TEST_CASE("import knows the language by the file, or is told", "[cli]") {
    const TemporaryDirectory directory;
    const std::string file = directory / "some.txt";
    write_file(file, "no-resolv\n");
    CHECK(run({file}).status == exit_good);
    write_file(file, "nothing\n");
    const auto unknown = run({file});
    CHECK(unknown.status == exit_usage);
    CHECK(unknown.out == "");
    CHECK(unknown.err.find("--from corefile, dnsmasq, unbound or bind") != std::string::npos);
    CHECK(run({file, "--from", "unbound"}).status == exit_faults);
}

TEST_CASE("import of a file that cannot be read", "[cli]") {
    const TemporaryDirectory directory;
    const std::string missing = directory / "missing";
    CHECK(run({missing}).status == exit_usage);
    CHECK(run({missing}).err == "import: " + missing + ": No such file or directory\n");
    const auto folder = run({directory.text()});
    CHECK(folder.status == exit_usage);
    CHECK(folder.err == "import: " + directory.text() + ": Is a directory\n");
    const std::string empty = directory / "dnsmasq.conf";
    write_file(empty, "");
    CHECK(run({empty}).status == exit_faults);  // /etc/resolv.conf is what it says
}
