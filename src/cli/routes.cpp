// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/verbs_test.cpp.
#include <boost/json.hpp>
#include <ostream>

#include "cli/configuration.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "reports/route_report.hpp"

namespace dproxy::cli {

int run_routes(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
               std::ostream& err) {
    if (arguments.url) {
        int status = exit_good;
        if (const auto report = fetch_report(*arguments.url, "/routes", err, status)) {
            out << (arguments.json ? boost::json::serialize(*report) + "\n" : config::routes_text(*report));
        }
        return status;
    }
    const auto configuration = read_configuration(arguments, environment);
    print_faults(configuration.faults, err);
    if (!configuration.settings_good) return exit_usage;
    const auto& table = *configuration.routes->table;
    out << (arguments.json ? config::routes_json(table, configuration.settings) + "\n"
                           : config::routes_text(table, configuration.settings));
    return configuration.errors() == 0 ? exit_good : exit_faults;
}

}  // namespace dproxy::cli
