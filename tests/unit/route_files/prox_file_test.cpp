// SPDX-License-Identifier: MIT
#include "route_files/prox_file.hpp"

#include "catch.hpp"
#include "dns/name.hpp"
#include "mentions.hpp"
#include "trusting_encryption.hpp"

namespace dproxy::config {
namespace {

std::shared_ptr<const routing::RouteFile> good(std::string_view text) {
    routing::SettingsPool pool;
    const ProxParse parse = parse_prox(text, "test.prox", {}, pool);
    for (const Diagnostic& diagnostic : parse.diagnostics) UNSCOPED_INFO(diagnostic.to_string());
    REQUIRE(parse.file);
    CHECK(parse.diagnostics.empty());
    return parse.file;
}

/// Every fault, as `line: message`.
std::vector<std::string> faults(std::string_view text) {
    routing::SettingsPool pool;
    const ProxParse parse = parse_prox(text, "test.prox", {}, pool);
    CHECK_FALSE(parse.file);
    std::vector<std::string> out;
    for (const Diagnostic& diagnostic : parse.diagnostics) {
        CHECK(diagnostic.file == "test.prox");
        CHECK(diagnostic.severity == Severity::error);
        out.push_back(std::to_string(diagnostic.line) + ": " + diagnostic.message);
    }
    return out;
}

std::string target(const routing::RouteFile& file, std::uint32_t section) {
    return file.settings(section)->targets.at(0).endpoint.to_string();
}

routing::RouteIndex find(const routing::RouteTable& table, std::string_view name) {
    return table.find(dns::Name::parse(name, false).name.wire());
}

using Faults = std::vector<std::string>;

}  // namespace

TEST_CASE("the files of the Go program are read unchanged", "[prox_file]") {
    const auto file = good("# unixvoid.com by cryodns\n"
                           "[*.unixvoid.com]\n\taddress\t\t= 172.31.43.212\n\tport\t\t= 8054\n\n"
                           "[unixvoid.com]\n\taddress  \t= \"172.31.43.213\"\n\tport     \t= 8055\n");
    REQUIRE(file->section_count() == 2);
    CHECK(file->name() == "test.prox");
    CHECK(file->label(0) == "*.unixvoid.com");
    CHECK(file->line(0) == 2);
    CHECK(target(*file, 0) == "172.31.43.212:8054");
    CHECK(file->label(1) == "unixvoid.com");
    CHECK(file->line(1) == 6);
    CHECK(target(*file, 1) == "172.31.43.213:8055");
}

TEST_CASE("several patterns share a section", "[prox_file]") {
    const auto file = good("[ cryo.network \t *.cryo.network,.Example.COM, ]  ; together\naddress = 192.0.2.1\n");
    REQUIRE(file->section_count() == 1);
    CHECK(file->label(0) == "cryo.network *.cryo.network .Example.COM");
    CHECK(file->patterns(0).size() == 3);
    const auto table = routing::RouteTable::build({file}).table;
    for (const char* name : {"cryo.network", "a.cryo.network", "example.com", "a.example.com"})
        CHECK(find(*table, name) == 0);
}

TEST_CASE("a file may be empty, or nothing but comments", "[prox_file]") {
    CHECK(good("")->section_count() == 0);
    CHECK(good("# nothing yet\n\n; really\n")->section_count() == 0);
}

TEST_CASE("equal settings are shared by sections and by files", "[prox_file]") {
    routing::SettingsPool pool;
    constexpr std::string_view same = "[a]\naddress = 192.0.2.1\n[b]\nport = 53\naddress = 192.0.2.1:53\n";
    const auto one = parse_prox(same, "1", {}, pool).file;
    const auto two = parse_prox("[c]\naddress = 192.0.2.1\n[d]\naddress = 192.0.2.2\n", "2", {}, pool).file;
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->settings(0) == one->settings(1));
    CHECK(one->settings(0) == two->settings(0));
    CHECK(two->settings(0) != two->settings(1));
    CHECK(pool.size() == 2);
}

TEST_CASE("a repeated section is no fault of the file", "[prox_file]") {
    const auto file = good("[a]\naddress = 192.0.2.1\n[a]\naddress = 192.0.2.2\n");
    CHECK(file->section_count() == 2);
    const auto built = routing::RouteTable::build({file});
    REQUIRE(built.duplicates.size() == 1);
    CHECK(describe(built.duplicates[0]).to_string() ==
          "test.prox:3: the pattern `a` stands already at test.prox:1; this section is left out");
}

TEST_CASE("all faults of a file at once, in the order of the lines", "[prox_file]") {
    CHECK(faults("port = 1\n"
                 "[a..b good.example w.*.x]\n"
                 "adress = 192.0.2.1\n"
                 "[c]\n"
                 "address = 192.0.2.1\n"
                 "port = 99999\n"
                 "what is this\n"
                 "[d]\n"
                 "answer = maybe\n") ==
          Faults{"1: `port` stands before any section; expected a line `[...]` first",
                 "2: `a..b` is not a pattern: a label is empty (two dots in a row, or a dot at the start)",
                 "2: `w.*.x` is not a pattern: `*` may stand alone or as the whole first label, as in "
                 "`*.example.com`, which matches every name below example.com at any depth",
                 "3: unknown key `adress`; did you mean `address`?",
                 "6: `port`: `99999` is out of range; expected 1 to 65535",
                 "7: `what is this` is neither a section nor a key nor a comment; expected `[...]`, `key = value` or "
                 "`# ...`",
                 "9: `answer`: `maybe` was found; expected `refused`, `nxdomain`, `nodata`, `servfail` or `drop`, or "
                 "addresses"});
}

TEST_CASE("one mistake makes one message", "[prox_file]") {
    CHECK(faults("[a]\naddress = \"192.0.2.1\n") == Faults{"2: the value `\"192.0.2.1` has no closing quote"});
    CHECK(faults("[a\naddress = 192.0.2.1\n") ==
          Faults{"1: `[a` has no closing bracket; expected `[...]` on one line"});
    CHECK(faults("[]\naddress = 192.0.2.1\n") ==
          Faults{"1: the section is empty; expected something between the brackets"});
    CHECK(faults("[,]\naddress = 192.0.2.1\n") == Faults{"1: the section names no pattern"});
    CHECK(faults("[a]\n") == Faults{"1: the section has neither `address` nor `answer`; expected one of them"});
    CHECK(faults("[b\xc3\xbc" "cher.example]\naddress = 192.0.2.1\n").size() == 1);
}

TEST_CASE("a faulty header does not hide what is wrong around it", "[prox_file]") {
    const Faults found = faults("[a]\n[b\nport = 0\n[c]\n");
    REQUIRE(found.size() == 4);
    CHECK(mentions(found[0], "1: the section has neither"));
    CHECK(mentions(found[1], "2: `[b` has no closing bracket"));
    CHECK(mentions(found[2], "3: `port`"));
    CHECK(mentions(found[3], "4: the section has neither"));
}

TEST_CASE("one fault anywhere leaves out the whole file", "[prox_file]") {
    routing::SettingsPool pool;
    CHECK_FALSE(parse_prox("[a]\naddress = 192.0.2.1\n[b]\naddress = x y:z:1\n", "1", {}, pool).file);
    CHECK_FALSE(parse_prox(std::string(2'000'000, '\n'), "1", {}, pool).file);
}

TEST_CASE("what is built is told by the options", "[prox_file]") {
    routing::SettingsPool pool;
    constexpr std::string_view text = "[a]\naddress = 192.0.2.1\nprotocol = tls\n";
    CHECK(parse_prox(text, "1", {}, pool).diagnostics.size() == 1);
    ProxOptions options;
    options.capabilities.encryption = &test::trusting_encryption;
    CHECK(parse_prox(text, "1", options, pool).file);
}

TEST_CASE("a file of faults lists the first ones", "[prox_file]") {
    std::string text = "[a]\n";
    for (int i = 0; i < 5000; ++i) text += "nonsense = 1\n";
    text += "address = 192.0.2.1\n";
    const Faults found = faults(text);
    REQUIRE(found.size() == max_faults_per_file + 1);
    CHECK(mentions(found.front(), "2: unknown key `nonsense`"));
    CHECK(found.back() == "0: and 4900 more faults");
}

TEST_CASE("faults of many sections are counted to the end of the file", "[prox_file]") {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "[a" + std::to_string(i) + "]\nadress = 192.0.2.1\n";
    const Faults found = faults(text);
    REQUIRE(found.size() == max_faults_per_file + 1);
    CHECK(mentions(found.at(99), "200: unknown key `adress`"));
    CHECK(found.back() == "0: and 4900 more faults");
    const Faults other = faults("[a]\n" + std::string(1000, '=') + std::string(1000, '\n') + [] {
        std::string lines;
        for (int i = 0; i < 1000; ++i) lines += "nonsense\n";
        return lines;
    }());
    CHECK(mentions(other.back(), "0: and at least "));
}

TEST_CASE("warnings leave a file good, and are bounded like faults", "[prox_file]") {
    routing::SettingsPool pool;
    std::string text;
    for (int i = 0; i < 300; ++i) text += "[\"a" + std::to_string(i) + ".test\"]\naddress = 192.0.2.1\n";
    const ProxParse parse = parse_prox(text, "test.prox", {}, pool);
    REQUIRE(parse.file);
    CHECK(parse.file->section_count() == 300);
    REQUIRE(parse.diagnostics.size() == max_faults_per_file + 1);
    for (const Diagnostic& one : parse.diagnostics) CHECK(one.severity == Severity::warning);
    CHECK(parse.diagnostics.at(1).line == 3);
    CHECK(parse.diagnostics.back().message == "and 200 more warnings");
    text += "[b.test]\n";
    const ProxParse broken = parse_prox(text, "test.prox", {}, pool);
    CHECK_FALSE(broken.file);
    CHECK(broken.diagnostics.size() == max_faults_per_file + 2);
}

TEST_CASE("one missing header and one wrong encoding are one fault", "[prox_file]") {
    CHECK(faults("address = 192.0.2.1\nport = 53\ntimeout = 1s\n").size() == 1);
    std::string wide;
    for (const char c : std::string_view("[a.test]\r\naddress = 192.0.2.1\r\nport = 53\r\n")) wide += {c, '\0'};
    CHECK(faults(wide).size() == 1);
}

TEST_CASE("a section of as many patterns as a line holds", "[prox_file]") {
    std::string text = "[";
    for (int i = 0; i < 800; ++i) text.append("n").append(std::to_string(i)).append(" ");
    const auto file = good(text + "]\naddress = 192.0.2.1\n");
    CHECK(file->patterns(0).size() == 800);
    const auto table = routing::RouteTable::build({file}).table;
    CHECK(find(*table, "n799") == 0);
    CHECK(find(*table, "n800") == routing::no_route);
}

}  // namespace dproxy::config
