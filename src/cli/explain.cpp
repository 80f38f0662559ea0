// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/verbs_test.cpp.
#include <boost/json.hpp>
#include <ostream>

#include "cli/configuration.hpp"
#include "cli/http_request.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "reports/route_report.hpp"

namespace dproxy::cli {
namespace {

void print(const boost::json::value& report, bool as_json, std::ostream& out) {
    out << (as_json ? boost::json::serialize(report) + "\n" : config::explain_text(report));
}

}  // namespace

int run_explain(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
                std::ostream& err) {
    auto parsed = config::parse_route_question(arguments.name, "");
    if (!parsed.fault.empty()) {
        err << "explain: " << parsed.fault << '\n';
        return exit_usage;
    }
    parsed.question.type = arguments.type;
    parsed.question.client = arguments.client;
    if (arguments.url) {
        auto path = "/explain?name=" + percent_encode(arguments.name);
        if (arguments.type) path += "&type=" + std::string(dns::type_name(*arguments.type));
        if (arguments.client) path += "&client=" + percent_encode(arguments.client->to_string());
        int status = exit_good;
        if (const auto report = fetch_report(*arguments.url, path, err, status)) print(*report, arguments.json, out);
        return status;
    }
    const auto configuration = read_configuration(arguments, environment);
    print_faults(configuration.faults, err);
    if (!configuration.settings_good) return exit_usage;
    print(config::explain_report(*configuration.routes->table, configuration.settings, parsed.question), arguments.json,
          out);
    return configuration.errors() == 0 ? exit_good : exit_faults;
}

}  // namespace dproxy::cli
