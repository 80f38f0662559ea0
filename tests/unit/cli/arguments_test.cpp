// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "catch.hpp"

namespace {

using namespace dproxy::cli;

ParsedArguments parse(std::vector<std::string> words) { return parse_arguments(words); }

Arguments good(std::vector<std::string> words) {
    auto parsed = parse_arguments(words);
    CHECK(parsed.error == "");
    return parsed.arguments;
}

/// `key=value` of every setting, in order.
std::string settings_of(const Arguments& arguments) {
    std::string text;
    for (const auto& [key, value] : arguments.settings) text += key + "=" + value + " ";
    return text;
}

}  // namespace

TEST_CASE("serve is the default verb", "[arguments]") {
    CHECK(good({}).verb == Verb::serve);
    CHECK(good({"serve"}).verb == Verb::serve);
    const auto arguments = good({"--config", "/etc/dproxy.conf", "--port", "1053", "--strict=true", "--listen", "::1"});
    CHECK(arguments.verb == Verb::serve);
    CHECK(arguments.config_file == "/etc/dproxy.conf");
    CHECK(settings_of(arguments) == "port=1053 strict=true listen=::1 ");
    CHECK(good({"--port=1", "serve", "--port", "2"}).verb == Verb::serve);
    CHECK_FALSE(good({}).config_file);
}

TEST_CASE("flags keep their order and may be given twice", "[arguments]") {
    CHECK(settings_of(good({"--port", "1", "--port=2"})) == "port=1 port=2 ");
    CHECK(good({"--config", "a", "--config=b"}).config_file == "b");
    CHECK(settings_of(good({"--masterupstream="})) == "masterupstream= ");
    CHECK(settings_of(good({"--drain", "-1"})) == "drain=-1 ");  // a bad value, not a missing one
    CHECK(settings_of(good({"--listen=a=b"})) == "listen=a=b ");
}

TEST_CASE("usage errors name what is wrong", "[arguments]") {
    CHECK(parse({"--prot", "53"}).error == "unknown option `--prot`; did you mean `--port`?");
    CHECK(parse({"-p", "53"}).error == "unknown option `-p`; dproxy --help lists what there is");
    CHECK(parse({"--"}).error == "unknown option `--`; dproxy --help lists what there is");
    CHECK(parse({"--port"}).error == "--port needs a value");
    CHECK(parse({"--strict", "--port", "53"}).error == "--strict needs a value");
    CHECK(parse({"--config"}).error == "--config needs a value");
    CHECK(parse({"cehck"}).error == "unknown verb `cehck`; did you mean `check`?");
    CHECK(parse({"upstream/"}).error == "unknown verb `upstream/`; dproxy --help lists what there is");
    CHECK(parse({"serve", "upstream/"}).error == "unexpected argument `upstream/` (dproxy --help shows the usage)");
    CHECK(parse({"check", "--format", "xml"}).error == "--format: `xml` was found; expected text or json");
    CHECK(parse({"--format", "json"}).error.starts_with("unknown option `--format`"));
    CHECK(parse({"--tcp"}).error.starts_with("unknown option `--tcp`"));
}

TEST_CASE("check and routes take directories and a format", "[arguments]") {
    const auto check = good({"check", "a", "b", "--format", "json"});
    CHECK(check.verb == Verb::check);
    CHECK(check.directories == std::vector<std::string>{"a", "b"});
    CHECK(check.json);
    CHECK_FALSE(good({"check", "--format=text"}).json);
    CHECK_FALSE(good({"check", "--format=json", "--format=text"}).json);
    CHECK(good({"--config", "f", "routes"}).verb == Verb::routes);
    CHECK(good({"routes", "a"}).directories.size() == 1);
}

TEST_CASE("--admin is a URL for explain and routes, else a setting", "[arguments]") {
    CHECK(good({"routes", "--admin", "http://127.0.0.1:8080"}).url == "http://127.0.0.1:8080");
    CHECK(good({"--admin", "http://[::1]:1", "explain", "a.example"}).url == "http://[::1]:1");
    CHECK(settings_of(good({"--admin", "off"})) == "admin=off ");
    CHECK(settings_of(good({"healthcheck", "--admin", "127.0.0.1:9"})) == "admin=127.0.0.1:9 ");
}

TEST_CASE("wait takes a file, a hash and a time", "[arguments]") {
    const auto arguments = good({"wait", "--file", "team-a/a.prox", "--hash=0123456789ABCDEF", "--for", "90s"});
    CHECK(arguments.verb == Verb::wait);
    CHECK(arguments.file == "team-a/a.prox");
    CHECK(arguments.hash == "0123456789abcdef");
    CHECK(arguments.patience == std::chrono::seconds(90));
    CHECK_FALSE(arguments.url);
    const auto at = good({"--admin", "http://127.0.0.1:8080", "wait", "--file=a", "--hash", "0123456789abcdef"});
    CHECK(at.url == "http://127.0.0.1:8080");
    CHECK(at.patience == std::chrono::seconds(60));
    const std::string missing = "--file and --hash are needed, as in: dproxy wait --file team-a/a.prox --hash "
                                "0123456789abcdef";
    CHECK(parse({"wait"}).error == missing);
    CHECK(parse({"wait", "--file", "a"}).error == missing);
    CHECK(parse({"wait", "--hash", "0123456789abcdef"}).error == missing);
    for (const auto* bad : {"0123456789abcde", "0123456789abcdefa", "0123456789abcdeg"}) {
        CHECK(parse({"wait", "--file", "a", "--hash", bad}).error ==
              "--hash: `" + std::string(bad) + "` was found; expected the 16 hex digits that `dproxy check --format "
              "json` prints for the file");
    }
    CHECK(parse({"wait", "--for", "2"}).error.starts_with("--for: `2`"));
    CHECK(parse({"wait", "--for", "1441m"}).error.starts_with("--for: "));
    CHECK(parse({"wait", "a"}).error.starts_with("unexpected argument `a`"));
}

TEST_CASE("explain takes a name and a type", "[arguments]") {
    const auto arguments = good({"explain", "www.example.com", "mx", "--format=json"});
    CHECK(arguments.verb == Verb::explain);
    CHECK(arguments.name == "www.example.com");
    CHECK(arguments.type == 15);
    CHECK(arguments.json);
    CHECK_FALSE(good({"explain", "a"}).type);
    CHECK(parse({"explain"}).error == "a NAME is missing, as in: dproxy explain www.example.com");
    CHECK(parse({"explain", ""}).error == "NAME is empty, expected a domain name");
    CHECK(parse({"explain", "a", "NOTYPE"}).error == "`NOTYPE` was found; expected a type such as A, MX or TYPE65280");
    CHECK(parse({"explain", "a", "A", "b"}).error == "unexpected argument `b` after a name and its type");
}

TEST_CASE("ask takes a server, a transport and what it expects", "[arguments]") {
    const auto arguments = good({"ask", "@[::1]:5353", "a.example", "AAAA", "--tcp", "--expect", "nxdomain"});
    CHECK(arguments.verb == Verb::ask);
    CHECK(arguments.name == "a.example");
    CHECK(arguments.type == 28);
    REQUIRE(arguments.server);
    CHECK(arguments.server->endpoint == dproxy::net::Endpoint::parse("[::1]:5353", 0));
    CHECK(arguments.server->host == "");
    CHECK(arguments.transport == AskTransport::tcp);
    CHECK(arguments.expect == 3);

    const auto bare = good({"ask", "a", "@192.0.2.1"});
    REQUIRE(bare.server);
    CHECK(bare.server->endpoint == dproxy::net::Endpoint::parse("192.0.2.1:53", 0));
    CHECK(bare.transport == AskTransport::udp);
    CHECK_FALSE(bare.expect);
    CHECK(good({"--tcp", "ask", "a"}).transport == AskTransport::tcp);

    const auto host = good({"ask", "a", "@dproxy.dns.svc:5353"}).server;
    REQUIRE(host);
    CHECK(host->host == "dproxy.dns.svc");
    CHECK(host->endpoint.port == 5353);

    for (const auto* bad : {"@", "@ns..example", "@ns.example:0", "@127.0.0.1:0", "@127.0.0.1:65536"}) {
        INFO(bad);
        CHECK(parse({"ask", "a", bad}).error.find("expected an address") != std::string::npos);
    }
    CHECK(parse({"ask", "a", "--expect", "FINE"}).error ==
          "--expect: `FINE` was found; expected an rcode such as NOERROR or REFUSED");
    CHECK(parse({"ask", "a", "--expect"}).error == "--expect needs a value");
    CHECK(parse({"ask", "a", "--tcp=yes"}).error == "--tcp takes no value");
    CHECK(parse({"ask", "@127.0.0.1"}).error == "a NAME is missing, as in: dproxy ask www.example.com");
}

TEST_CASE("ask over TLS and HTTPS: ports, and what certificate is taken", "[arguments]") {
    const auto tls = good({"ask", "a", "@ns.example", "--tls", "--ca", "ca.pem", "--name=dns.example"});
    CHECK(tls.transport == AskTransport::tls);
    CHECK(tls.server->endpoint.port == 853);
    CHECK(tls.ca_file == "ca.pem");
    CHECK(tls.server_name == "dns.example");
    CHECK_FALSE(tls.insecure);
    const auto https = good({"--https", "--insecure", "ask", "a", "@192.0.2.1", "--path", "/q"});
    CHECK(https.transport == AskTransport::https);
    CHECK(https.server->endpoint.port == 443);
    CHECK(https.insecure);
    CHECK(https.path == "/q");
    CHECK(good({"ask", "a", "@192.0.2.1:8853", "--tls"}).server->endpoint.port == 8853);

    CHECK(parse({"ask", "a", "--tcp", "--tls"}).error == "--tcp and --tls are two transports; expected one");
    CHECK(parse({"ask", "a", "--https", "--tls"}).error == "--https and --tls are two transports; expected one");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"--ca", "x"}, {"--name", "x"}, {"--insecure"}, {"--tcp", "--insecure"}}) {
        auto all = words;
        all.insert(all.end(), {"ask", "a"});
        CHECK(parse(all).error.find("expected --tls or --https") != std::string::npos);
    }
    CHECK(parse({"ask", "a", "--tls", "--insecure", "--ca", "x"}).error.find("expected one") != std::string::npos);
    CHECK(parse({"ask", "a", "--tls", "--path", "/x"}).error == "--path goes with --https");
    CHECK(parse({"ask", "a", "--https", "--path", "x"}).error.starts_with("--path: `x` was found"));
    CHECK(parse({"ask", "a", "--tls", "--name="}).error == "--name needs a value");
    CHECK(parse({"check", "--tls"}).error.starts_with("unknown option `--tls`"));
}

TEST_CASE("diff takes two sides, and Markdown", "[arguments]") {
    const auto two = good({"diff", "old", "new", "--format", "markdown"});
    CHECK(two.verb == Verb::diff);
    CHECK(two.directories == std::vector<std::string>{"old", "new"});
    CHECK(two.markdown);
    CHECK_FALSE(two.json);
    CHECK(good({"diff", "--admin", "http://127.0.0.1:8080", "new", "--format=json"}).json);
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"diff"}, {"diff", "a"}, {"diff", "a", "b", "c"}, {"diff", "--admin", "u"},
          {"diff", "--admin", "u", "a", "b"}}) {
        CHECK(parse(words).error.starts_with("diff compares two directories"));
    }
    CHECK(parse({"check", "--format", "markdown"}).error == "--format: `markdown` was found; expected text or json");
    CHECK(parse({"diff", "a", "b", "--format", "x"}).error ==
          "--format: `x` was found; expected text, json or markdown");
}

TEST_CASE("import takes a file, and may be told its language", "[arguments]") {
    const auto told = good({"import", "/etc/named.conf", "--from", "bind"});
    CHECK(told.verb == Verb::import);
    CHECK(told.file == "/etc/named.conf");
    CHECK(told.from == dproxy::foreign::Language::bind);
    CHECK_FALSE(good({"import", "x"}).from);
    CHECK(parse({"import"}).error == "a FILE is missing, as in: dproxy import /etc/dnsmasq.conf");
    CHECK(parse({"import", "a", "b"}).error.starts_with("unexpected argument `b`"));
    CHECK(parse({"import", "a", "--from", "x"}).error ==
          "--from: `x` was found; expected corefile, dnsmasq, unbound or bind");
    CHECK(parse({"check", "--from", "bind"}).error.starts_with("unknown option `--from`"));
}

TEST_CASE("healthcheck takes a URL", "[arguments]") {
    CHECK(good({"healthcheck"}).verb == Verb::healthcheck);
    CHECK_FALSE(good({"healthcheck"}).url);
    CHECK(good({"healthcheck", "http://127.0.0.1:8080/readyz"}).url == "http://127.0.0.1:8080/readyz");
    CHECK(parse({"healthcheck", "a", "b"}).error.starts_with("unexpected argument `b`"));
}

TEST_CASE("help and version win over everything before and after them", "[arguments]") {
    CHECK(good({"--help"}).verb == Verb::help);
    CHECK(good({"-h"}).verb == Verb::help);
    CHECK(good({"check", "--help"}).verb == Verb::help);
    CHECK(good({"--port", "53", "--version"}).verb == Verb::version);
    CHECK(good({"explain", "--help"}).verb == Verb::help);
}

TEST_CASE("top prints once where it is told to", "[arguments]") {
    CHECK(good({"top"}).verb == Verb::top);
    CHECK_FALSE(good({"top"}).once);
    CHECK(good({"--once", "top"}).once);
    CHECK(good({"top", "--admin", "http://127.0.0.1:8080", "--once"}).once);
    CHECK(parse({"top", "--once=1"}).error == "--once takes no value");
    CHECK(parse({"top", "x"}).error == "unexpected argument `x` (dproxy --help shows the usage)");
    CHECK(parse({"ask", "x.test", "--once"}).error.starts_with("unknown option `--once`"));
}

TEST_CASE("flush takes a name, or none", "[arguments]") {
    CHECK(good({"flush"}).verb == Verb::flush);
    CHECK(good({"flush"}).name.empty());
    const auto arguments = good({"flush", "--admin", "http://127.0.0.1:8080", "example.com"});
    CHECK(arguments.name == "example.com");
    CHECK(arguments.url == "http://127.0.0.1:8080");
    CHECK(parse({"flush", ""}).error == "NAME is empty; leave it out to forget all");
    CHECK(parse({"flush", "a", "b"}).error == "unexpected argument `b` (dproxy --help shows the usage)");
    CHECK(parse({"flush", "a", "--format", "json"}).error.starts_with("unknown option `--format`"));
}

TEST_CASE("trace takes a name and for how long", "[arguments]") {
    CHECK(good({"trace", "example.com"}).verb == Verb::trace);
    CHECK(good({"trace", "example.com"}).duration == std::chrono::seconds(30));
    const auto arguments = good({"trace", "--for", "2m", "--admin", "http://127.0.0.1:8080", "example.com"});
    CHECK(arguments.name == "example.com");
    CHECK(arguments.duration == std::chrono::minutes(2));
    CHECK(arguments.url == "http://127.0.0.1:8080");
    CHECK(parse({"trace"}).error == "a NAME is missing, as in: dproxy trace www.example.com");
    CHECK(parse({"trace", ""}).error == "a NAME is missing, as in: dproxy trace www.example.com");
    CHECK(parse({"trace", "a", "b"}).error == "unexpected argument `b` (dproxy --help shows the usage)");
    CHECK(parse({"trace", "a", "--for", "11m"}).error.starts_with("--for: "));
    CHECK(parse({"trace", "a", "--for", "500ms"}).error.starts_with("--for: "));
}
