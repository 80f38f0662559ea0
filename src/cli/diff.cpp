// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/diff_test.cpp.
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/configuration.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "reports/route_diff.hpp"
#include "reports/route_report.hpp"

namespace dproxy::cli {
namespace {

/// One of the two sides. Sets are large, and diffs refer to them: they stay where they are.
struct Side {
    std::unique_ptr<config::RouteSet> routes = std::make_unique<config::RouteSet>();
    config::Diagnostics faults;
    std::string otherwise;
    bool settings_good = true;
    bool good = true;  ///< no error
};

Side read_directory(const Arguments& arguments, const std::vector<std::string>& environment,
                    const std::string& directory) {
    Arguments one = arguments;
    one.directories = {directory};
    auto configuration = read_configuration(one, environment);
    Side side;
    side.settings_good = configuration.settings_good;
    side.good = configuration.errors() == 0;
    side.otherwise = config::otherwise_json_text(configuration.settings);
    config::each_route(*configuration.routes->table,
                       [&](const boost::json::object& route) { side.routes->add(route); });
    side.faults = std::move(configuration.faults);
    return side;
}

std::optional<Side> read_instance(const std::string& url, std::ostream& err, int& status) {
    const auto text = fetch_text(url, "/routes", err, status);
    if (!text) return std::nullopt;
    Side side;
    if (const std::string fault = side.routes->read(*text); !fault.empty()) {
        err << url << ": " << fault << '\n';
        return std::nullopt;
    }
    side.otherwise = side.routes->otherwise();
    auto faults = fetch_faults(url, err, status);
    if (!faults) return std::nullopt;
    side.good = !has_error(*faults);
    side.faults = std::move(*faults);
    return side;
}

}  // namespace

int run_diff(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
             std::ostream& err) {
    std::optional<Side> before;
    if (arguments.url) {
        int status = exit_good;
        before = read_instance(*arguments.url, err, status);
        if (!before) return exit_usage;
    } else {
        before = read_directory(arguments, environment, arguments.directories.front());
    }
    Side after = read_directory(arguments, environment, arguments.directories.back());
    print_faults(before->faults, err);
    // What is wrong with the settings was told already.
    std::erase_if(after.faults, [&](const config::Diagnostic& fault) {
        return std::find(before->faults.begin(), before->faults.end(), fault) != before->faults.end();
    });
    print_faults(after.faults, err);
    if (!before->settings_good || !after.settings_good) return exit_usage;
    const config::RouteDiff diff(*before->routes, *after.routes, before->otherwise);
    const auto write = arguments.json ? config::write_diff_json
                       : arguments.markdown ? config::write_diff_markdown
                                            : config::write_diff_text;
    write(diff, out);
    if (!before->good || !after.good) return exit_usage;
    return diff.changes().empty() ? exit_good : exit_faults;
}

}  // namespace dproxy::cli
