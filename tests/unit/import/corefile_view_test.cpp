// SPDX-License-Identifier: MIT
#include "import/corefile_view.hpp"

#include "catch.hpp"
#include "import/draft.hpp"

namespace {

using namespace dproxy::foreign;

/// `clients=...; types=...`, or `none`.
std::string view_of(const std::string& expression) {
    Draft draft("f");
    const auto blocks = read_corefile_blocks(". {\n view v {\n  expr " + expression + "\n }\n}\n", draft);
    const auto view = read_corefile_view(blocks.at(0).directives.at(0));
    if (!view) return "none";
    std::string text;
    for (const auto& [key, value] : view->keys()) text += key + "=" + value + ";";
    return text;
}

CorefileView clients(std::vector<std::string> networks) { return {std::move(networks), {}}; }
CorefileView types(std::vector<std::string> names) { return {{}, std::move(names)}; }

}  // namespace

TEST_CASE("view: networks and types", "[import]") {
    CHECK(view_of("incidr(client_ip(), '10.0.0.0/8')") == "clients=10.0.0.0/8;");
    CHECK(view_of("incidr(client_ip(),'10.0.0.0/8') || incidr( client_ip() , '2001:DB8::/32' )") ==
          "clients=10.0.0.0/8, 2001:DB8::/32;");
    CHECK(view_of("type() == 'A'") == "types=A;");
    CHECK(view_of("type() in ['A', 'AAAA']") == "types=A, AAAA;");
    CHECK(view_of("type() == 'A' || type() == 'MX'") == "types=A, MX;");
}

TEST_CASE("view: what no section can say", "[import]") {
    for (const auto* expression :
         {"", "name() == 'a.test.'", "incidr(client_ip(), '10.0.0.0/8') && type() == 'A'", "type() in ['A'",
          "type() ==", "incidr(client_ip(), '10.0.0.0/8') || type() == 'A'", "incidr(client_ip(), 'x')",
          "!incidr(client_ip(), '::/0')", "incidr(client_ip(), '10.0.0.0/8", "type() in ['A', 'MX'] x"}) {
        INFO(expression);
        CHECK(view_of(expression) == "none");
    }
    CHECK_FALSE(read_corefile_view({1, {"view", "v"}, {}}));
    CHECK_FALSE(read_corefile_view({1, {"view", "v"}, {{2, {"expr", "x"}}, {3, {"expr", "y"}}}}));
}

TEST_CASE("view: the first of two for a zone wins there, the longer network here", "[import]") {
    CHECK(shadows({}, clients({"10.0.0.0/8"})));
    CHECK_FALSE(shadows(clients({"10.0.0.0/8"}), {}));
    CHECK(shadows(clients({"10.0.0.0/8"}), clients({"10.1.0.0/16"})));
    CHECK_FALSE(shadows(clients({"10.1.0.0/16"}), clients({"10.0.0.0/8"})));
    CHECK_FALSE(shadows(clients({"10.0.0.0/8"}), clients({"192.0.2.0/24"})));
    CHECK(shadows(types({"A", "MX"}), types({"MX"})));
    CHECK_FALSE(shadows(types({"A"}), types({"MX"})));
    CHECK(shadows(types({"A"}), clients({"10.0.0.0/8"})));
}
