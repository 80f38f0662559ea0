// SPDX-License-Identifier: MIT
#include <boost/json.hpp>
#include <ostream>

#include "cli/configuration.hpp"
#include "cli/verbs.hpp"

namespace dproxy::cli {
namespace {

namespace json = boost::json;

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

json::object as_json(const Configuration& configuration) {
    json::array faults;
    for (const auto& fault : configuration.faults) {
        json::object object{{"severity", fault.severity == config::Severity::error ? "error" : "warning"},
                            {"file", fault.file},
                            {"line", fault.line},
                            {"message", fault.message}};
        faults.push_back(std::move(object));
    }
    return {{"valid", configuration.errors() == 0},
            {"routes", configuration.routes->routes},
            {"files", configuration.routes->files.size()},
            {"errors", configuration.errors()},
            {"warnings", configuration.warnings()},
            {"faults", std::move(faults)}};
}

}  // namespace

int run_check(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out) {
    const auto configuration = read_configuration(arguments, environment);
    if (arguments.json) {
        out << json::serialize(as_json(configuration)) << '\n';
    } else {
        print_faults(configuration.faults, out);
        out << counted(configuration.routes->routes, "route") << " in "
            << counted(configuration.routes->files.size(), "file") << ", " << counted(configuration.errors(), "error")
            << ", " << counted(configuration.warnings(), "warning") << '\n';
    }
    return configuration.errors() == 0 ? exit_good : exit_faults;
}

}  // namespace dproxy::cli
