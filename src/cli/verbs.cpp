// SPDX-License-Identifier: MIT
#include "cli/verbs.hpp"

#include <cassert>
#include <ostream>

namespace dproxy::cli {

int run_verb(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
             std::ostream& err) {
    switch (arguments.verb) {
        case Verb::check: return run_check(arguments, environment, out);
        case Verb::explain: return run_explain(arguments, environment, out, err);
        case Verb::routes: return run_routes(arguments, environment, out, err);
        case Verb::diff: return run_diff(arguments, environment, out, err);
        case Verb::import: return run_import(arguments, out, err);
        case Verb::healthcheck: return run_healthcheck(arguments, environment, out, err);
        case Verb::wait: return run_wait(arguments, environment, out, err);
        case Verb::flush: return run_flush(arguments, environment, out, err);
        case Verb::top: return run_top(arguments, environment, out, err);
        case Verb::trace: return run_trace(arguments, environment, out, err);
        case Verb::ask: return run_ask(arguments, environment, out, err);
        case Verb::version: out << version_text(); return exit_good;
        case Verb::help: out << help_text(); return exit_good;
        case Verb::serve: break;
    }
    assert(arguments.verb != Verb::serve);  // the program itself, not a verb that ends
    return exit_usage;
}

}  // namespace dproxy::cli
