// SPDX-License-Identifier: MIT
#include "import/prox_text.hpp"

#include <algorithm>

#include "catch.hpp"
#include "drafted.hpp"
#include "ini/ini_reader.hpp"
#include "route_files/prox_file.hpp"

namespace {

using namespace dproxy::foreign;

Section section(std::uint32_t line, std::vector<std::string> patterns, std::string key, std::string value) {
    Section made{line, std::move(patterns), {}};
    made.set(std::move(key), std::move(value));
    return made;
}

/// Without its first line.
std::string written(Draft& draft) {
    const std::string text = prox_text(draft, "test").text;
    CHECK(text.starts_with("# Made by dproxy import of `f`, read as test.\n"));
    return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("sections are written with the line that they come from", "[import]") {
    Draft draft("f");
    auto one = section(3, {"A.test.", "*.b.test"}, "address", "192.0.2.1, 192.0.2.2");
    one.set("policy", "first");
    draft.add(one);
    draft.add(section(0, {"*"}, "address", "192.0.2.3"));
    CHECK(written(draft) ==
          "\n# line 3\n[a.test *.b.test]\n\taddress\t= 192.0.2.1, 192.0.2.2\n\tpolicy\t= first\n"
          "\n[*]\n\taddress\t= 192.0.2.3\n");
    CHECK(dproxy::test::told_of(draft) == "");
    Draft nothing("f");
    CHECK(written(nothing) == "");
}

TEST_CASE("equal sections in a row become one, as far as a line is readable", "[import]") {
    Draft draft("f");
    for (std::uint32_t i = 1; i <= 9; ++i) {
        draft.add(section(i, {".n" + std::to_string(i) + ".ads.test"}, "answer", "nxdomain"));
    }
    draft.add(section(10, {".x.test"}, "answer", "refused"));
    draft.add(section(11, {".y.test"}, "address", "192.0.2.1"));
    draft.add(section(12, {".z.test"}, "address", "192.0.2.1"));
    CHECK(written(draft) ==
          "\n# line 1\n[.n1.ads.test .n2.ads.test .n3.ads.test .n4.ads.test .n5.ads.test .n6.ads.test .n7.ads.test]\n"
          "\tanswer\t= nxdomain\n"
          "\n# line 8\n[.n8.ads.test .n9.ads.test]\n\tanswer\t= nxdomain\n\n# line 10\n[.x.test]\n\tanswer\t= refused\n"
          "\n# line 11\n[.y.test .z.test]\n\taddress\t= 192.0.2.1\n");
}

TEST_CASE("what the reader of route files refuses is told with the line of the source", "[import]") {
    Draft draft("f");
    draft.add(section(2, {"a..test", ".ok.test"}, "address", "192.0.2.1"));
    draft.add(section(3, {"b.test"}, "address", "not an address!"));
    draft.add(section(4, {"c.test"}, "nonsense", "1"));
    CHECK(written(draft) == "\n# line 2\n[.ok.test]\n\taddress\t= 192.0.2.1\n");
    const std::string told = dproxy::test::told_of(draft);
    CHECK(dproxy::test::lines_of(told) == "2 3 4");
    CHECK(told.find("3: left out, as a route file cannot say it: `address`:") != std::string::npos);
}

TEST_CASE("authorities are to be copied beside the route file", "[import]") {
    Draft draft("f");
    for (const std::uint32_t line : {2u, 5u}) {
        auto one = section(line, {".n" + std::to_string(line) + ".test"}, "address", "192.0.2.1");
        one.set("protocol", "tls");
        one.set("tls_ca", "/etc/ssl/ca.pem");
        one.set("max_inflight", std::to_string(line));
        draft.add(one);
    }
    CHECK(written(draft).find("\ttls_ca\t= ca.pem\n") != std::string::npos);
    CHECK(dproxy::test::told_of(draft) ==
          "2: `tls_ca` names a file beside the route file: copy `/etc/ssl/ca.pem` there as `ca.pem`\n");
}

TEST_CASE("a name with signs that mean something in a header is written with escapes", "[import]") {
    Draft draft("f");
    const std::vector<std::string> names{".a,b.test", "#c.test",   "d]e.test", "\\.f.test",   "g\\032h.test",
                                         ";i.test",   "j\\\\k.test", "l/m.test", "\\*.n.test"};
    draft.add(section(1, names, "answer", "refused"));
    const std::string text = written(draft);
    CHECK(dproxy::test::told_of(draft) == "");
    CHECK(text == "\n# line 1\n[.a\\044b.test \\035c.test d\\093e.test \\.f.test g\\032h.test \\059i.test j\\092k.test "
                  "l/m.test \\*.n.test]\n\tanswer\t= refused\n");
    dproxy::routing::SettingsPool pool;
    const auto parsed = dproxy::config::parse_prox(text, "r", {}, pool);
    REQUIRE(parsed.file);
    CHECK(parsed.file->pattern_count() == 9);
}

TEST_CASE("a pattern that stands twice is told, whole or in part", "[import]") {
    Draft draft("f");
    draft.add(section(1, {".a.test"}, "address", "192.0.2.1"));
    draft.add(section(2, {"a.test", "b.test", "B.test"}, "address", "192.0.2.2"));
    draft.add(section(3, {"*.a.test"}, "answer", "refused"));
    CHECK(written(draft) ==
          "\n# line 1\n[.a.test]\n\taddress\t= 192.0.2.1\n\n# line 2\n[b.test]\n\taddress\t= 192.0.2.2\n");
    CHECK(dproxy::test::told_of(draft) ==
          "2: the pattern a.test comes from line 1 already; it is left out here\n"
          "3: the pattern *.a.test comes from line 1 already; it is left out here\n");
}

TEST_CASE("a section with more patterns than a line holds becomes several", "[import]") {
    Draft draft("f");
    std::vector<std::string> patterns;
    for (int i = 0; i < 1000; ++i) patterns.push_back("number" + std::to_string(i) + ".test");
    draft.add(section(1, patterns, "address", "192.0.2.1"));
    const std::string text = written(draft);
    CHECK(dproxy::test::told_of(draft) == "");
    CHECK(text.find("number999.test") != std::string::npos);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        CHECK(text.find('\n', at) - at <= dproxy::config::max_ini_line_bytes);
    }
}

TEST_CASE("more than a route file holds is told", "[import]") {
    Draft draft("f");
    const std::string label(60, 'x');
    for (std::uint32_t i = 0; i < 7000; ++i) {
        const std::string name = "n" + std::to_string(i) + "." + label + "." + label + ".test";
        draft.add(section(i + 1, {name}, "address", "192.0.2.1"));
    }
    Draft another = draft;
    CHECK(written(draft).size() > dproxy::config::max_ini_file_bytes);
    CHECK(dproxy::test::told_of(draft).find("`--to FILE` puts names of sections that are alike into lists") !=
          std::string::npos);
    const ProxText with_list = prox_text(another, "test", "block");
    CHECK(dproxy::test::told_of(another) == "");
    CHECK(with_list.text.ends_with("\n# line 1\n[n0." + label + "." + label +
                                   ".test]\n\taddress\t= 192.0.2.1\n\tpatterns\t= block-1.txt\n"));
    REQUIRE(with_list.lists.size() == 1);
    CHECK(with_list.lists[0].name == "block-1.txt");
    CHECK(std::count(with_list.lists[0].text.begin(), with_list.lists[0].text.end(), '\n') == 6999);
}

TEST_CASE("more than a route file holds, of which nothing is alike", "[import]") {
    Draft draft("f");
    for (std::uint32_t i = 0; i < 40'000; ++i) {
        draft.add(section(i + 1, {"n" + std::to_string(i) + ".test"}, "address", "10." + std::to_string(i / 256) + "." +
                                                                                   std::to_string(i % 256) + ".1"));
    }
    const ProxText result = prox_text(draft, "test", "block");
    CHECK(result.text.size() > dproxy::config::max_ini_file_bytes);
    CHECK(result.lists.empty());
    CHECK(dproxy::test::told_of(draft).find("cut it between two sections into several files") != std::string::npos);
}
