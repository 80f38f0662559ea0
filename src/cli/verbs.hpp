// SPDX-License-Identifier: MIT
// What the verbs do, each from its arguments to an exit status. Answers go to `out`, and why
// there is none to `err`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/arguments.hpp"

namespace dproxy::cli {

/// Any verb but `serve`. `environment` holds `NAME=value`.
int run_verb(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
             std::ostream& err);

int run_check(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out);
int run_explain(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
                std::ostream& err);
int run_routes(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
               std::ostream& err);
int run_diff(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
             std::ostream& err);
int run_import(const Arguments& arguments, std::ostream& out, std::ostream& err);
int run_healthcheck(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
                    std::ostream& err);
int run_wait(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
             std::ostream& err);
int run_flush(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
              std::ostream& err);
int run_top(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
            std::ostream& err);
int run_trace(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
              std::ostream& err);
int run_ask(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
            std::ostream& err);

/// For `--help`: the usage, and every key with its default.
std::string help_text();
/// For `--version`: `dproxy 1.2.3`.
std::string version_text();

}  // namespace dproxy::cli
