// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "dns_answers.hpp"
#include "run_words.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;

Run ask(std::vector<std::string> words) { return run_verb_with("ask", std::move(words)); }

}  // namespace

TEST_CASE("ask prints the rcode, and its status says whether it is the one expected", "[ask]") {
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::refused));
        const auto run = ask({"www.example", "@" + server.endpoint().to_string()});
        CHECK(run.status == exit_good);  // an answer is an answer
        CHECK(run.out.starts_with("REFUSED"));
        CHECK(run.err == "");
    }
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::nxdomain));
        CHECK(ask({"www.example", "@" + server.endpoint().to_string(), "--expect", "NXDOMAIN"}).status == exit_good);
    }
    const OneShotServer server(
        SOCK_STREAM, tcp_answer([](std::string query) { return reply_to(std::move(query), dns::Rcode::servfail); }));
    const auto address = server.endpoint().to_string();
    const auto run = ask({"www.example", "MX", "@" + address, "--tcp", "--expect", "noerror"});
    CHECK(run.status == exit_faults);
    CHECK(run.out.starts_with("SERVFAIL"));
    CHECK(run.err == address + ": SERVFAIL was found; expected NOERROR\n");
}

TEST_CASE("ask goes to the dproxy of the settings where no server is named", "[ask]") {
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::noerror));
        CHECK(ask({"a", "--port", std::to_string(server.endpoint().port)}).status == exit_good);
    }
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::noerror));
        CHECK(ask({"a", "--listen", "0.0.0.0:" + std::to_string(server.endpoint().port)}).status == exit_good);
    }
    const auto bad = ask({"a", "--port", "0"});
    CHECK(bad.status == exit_usage);
    CHECK(bad.err == "--port: `0` is out of range; expected 1 to 65535\n");
    CHECK(ask({"a..b", "@127.0.0.1:1"}).status == exit_usage);
    net::Endpoint closed;
    {
        closed = OneShotServer(SOCK_STREAM, [](int) {}).endpoint();
    }
    const auto refused = ask({"a", "--tcp", "@" + closed.to_string()});
    CHECK(refused.status == exit_faults);
    CHECK(refused.err == closed.to_string() + " over TCP: Connection refused\n");
}
