// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/wait_test.cpp and tests/integration/test_files.py.
#include <algorithm>
#include <ostream>
#include <thread>

#include "cli/file_verdict.hpp"
#include "cli/http_request.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "ini/typed_values.hpp"

namespace dproxy::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{200};
constexpr std::chrono::milliseconds shortest_look{100};  ///< so that the last look is one

}  // namespace

int run_wait(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
             std::ostream& err) {
    const auto admin = choose_admin_url(arguments, environment, "nothing tells what is in force", err);
    if (!admin) return exit_usage;
    const std::string path = "/files?file=" + percent_encode(arguments.file);
    const auto end = Clock::now() + arguments.patience;
    for (;;) {
        const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        const auto answer =
            ask_text(*admin, path, std::clamp<std::chrono::milliseconds>(rest, shortest_look, http_timeout));
        if (answer.is_usage) {
            err << answer.error << '\n';
            return exit_usage;
        }
        FileVerdict verdict{FileVerdict::Kind::not_yet, answer.error};
        if (answer.text) verdict = judge_file(*answer.text, arguments.file, arguments.hash);
        switch (verdict.kind) {
            case FileVerdict::Kind::in_force: out << verdict.text << '\n'; return exit_good;
            case FileVerdict::Kind::faulty: out << verdict.text << '\n'; return exit_faults;
            case FileVerdict::Kind::ambiguous: err << "--file: " << verdict.text << '\n'; return exit_usage;
            case FileVerdict::Kind::not_yet: break;
        }
        if (Clock::now() >= end) {
            err << "not in force after " << config::duration_text(arguments.patience) << ": " << verdict.text << '\n';
            return exit_time_over;
        }
        std::this_thread::sleep_until(std::min(end, Clock::now() + look_interval));
    }
}

}  // namespace dproxy::cli
