// SPDX-License-Identifier: MIT
#include "route_files/files_beside.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace dproxy::config;
using Strings = std::vector<std::string>;

TEST_CASE("what a route file names is a file beside the route file", "[files_beside]") {
    CHECK(name_beside_fault("block.txt", ".prox").empty());
    CHECK(name_beside_fault("block list", ".prox").empty());
    CHECK(name_beside_fault("prox", ".prox").empty());
    CHECK(name_beside_fault("b\xc3\xa4.txt", ".prox").empty());
    const std::string expected = "expected the name of a text file beside this one";
    CHECK(name_beside_fault("", ".prox") == "nothing was found; " + expected);
    CHECK(name_beside_fault("../x", ".prox") == "`../x` was found; " + expected + ", without a path");
    CHECK(name_beside_fault("/etc/passwd", ".prox").ends_with("without a path"));
    CHECK(name_beside_fault("..", ".prox").ends_with("that does not begin with a dot"));
    CHECK(name_beside_fault(".hidden", ".prox").ends_with("that does not begin with a dot"));
    CHECK(name_beside_fault("b.prox", ".prox").ends_with("that does not end in `.prox` as route files do"));
    CHECK(name_beside_fault("b.routes", ".routes").ends_with("as route files do"));
    CHECK(name_beside_fault(std::string(256, 'a'), ".prox").ends_with("of at most 255 bytes"));
    CHECK(name_beside_fault("a\x01", ".prox").ends_with("control characters"));
    CHECK(name_beside_fault("a\xff", ".prox").ends_with("control characters"));
}

TEST_CASE("the lists that a route file names are known from its text", "[files_beside]") {
    const auto named = [](std::string_view text) { return files_named_in(text, ".prox").lists; };
    CHECK(named("[a.test]\naddress = 192.0.2.1\n").empty());
    CHECK(named("[a.test]\nanswer = nxdomain\npatterns = a.txt\n") == Strings{"a.txt"});
    CHECK(named("\xef\xbb\xbf[a.test]\r\n  PatternS=\"b.txt\" ; x\r\n[b.test]\npatterns = a.txt\n"
                "[c.test]\npatterns=b.txt\n") == Strings{"b.txt", "a.txt"});
    CHECK(named("[patterns]\naddress = 192.0.2.1 # patterns = a.txt\n; patterns = b.txt\n").empty());
    CHECK(named("[a.test]\npatterns = ../a.txt\npatterns = b.prox\npatterns =\n").empty());
    CHECK(named("patterns = a.txt") == Strings{});  // a key without a section is a fault, and nothing else
    CHECK(named(std::string(1000, 'p') + "atterns").empty());
}

TEST_CASE("the files of keys that concern TLS are known from a route file's text", "[files_beside]") {
    const auto named = [](std::string_view text) { return files_named_in(text, ".prox"); };
    CHECK(named("[a.test]\naddress = 192.0.2.1\nprotocol = tls\n").empty());
    CHECK(named("[a.test]\ntls_name = a.test\ntls_verify = off\ntls_pin = sha256/x\n").empty());
    const FilesBeside all = named("[a.test]\nTLS_CA = ca.pem\ntls_cert=own.crt\n[b.test]\ntls_ca = ca.pem\n"
                                  "tls_key = own.key\npatterns = a.txt\n");
    CHECK(all.texts == Strings{"ca.pem", "own.crt", "own.key"});
    CHECK(all.lists == Strings{"a.txt"});
    CHECK(named("[a.test]\ntls_ca = /etc/ca.pem\ntls_key = ..x\n; tls_ca = b.pem\n").empty());
}
