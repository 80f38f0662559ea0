// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/verbs_test.cpp.
#include <boost/json.hpp>
#include <chrono>
#include <ostream>

#ifdef DPROXY_TLS
#include "certificates/certificate_files.hpp"
#endif
#include "cli/configuration.hpp"
#include "cli/verbs.hpp"
#include "ini/counted.hpp"
#include "reports/file_report.hpp"

namespace dproxy::cli {
namespace {

namespace json = boost::json;

json::object as_json(const Configuration& configuration) {
    json::array faults;
    for (const auto& fault : configuration.faults) faults.push_back(config::fault_json(fault));
    json::array files;
    for (const auto& file : configuration.routes->files) files.push_back(config::file_json(file, nullptr));
    return {{"valid", configuration.errors() == 0},
            {"routes", configuration.routes->routes},
            {"files", std::move(files)},
            {"errors", configuration.errors()},
            {"warnings", configuration.warnings()},
            {"faults", std::move(faults)}};
}

/// Adds what a start would say of the files that clients find encrypted.
void check_certificates(Configuration& configuration) {
#ifdef DPROXY_TLS
    if (!configuration.settings_good || configuration.settings.tls.certificates.empty()) return;
    certificates::CertificateFiles files(configuration.settings.tls, 0);
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    files.read({std::chrono::duration_cast<std::chrono::seconds>(since_1970).count(), 0});
    configuration.faults.insert(configuration.faults.end(), files.faults().begin(), files.faults().end());
#else
    static_cast<void>(configuration);
#endif
}

}  // namespace

int run_check(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out) {
    auto configuration = read_configuration(arguments, environment);
    check_certificates(configuration);
    if (arguments.json) {
        out << json::serialize(as_json(configuration)) << '\n';
    } else {
        print_faults(configuration.faults, out);
        using config::counted;
        out << counted(configuration.routes->routes, "route") << " in "
            << counted(configuration.routes->files.size(), "file") << ", " << counted(configuration.errors(), "error")
            << ", " << counted(configuration.warnings(), "warning") << '\n';
    }
    return configuration.errors() == 0 ? exit_good : exit_faults;
}

}  // namespace dproxy::cli
