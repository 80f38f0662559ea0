// SPDX-License-Identifier: MIT
// A command line, as if it had been typed.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "cli/verbs.hpp"

namespace dproxy::cli {

struct Run {
    int status;
    std::string out;
    std::string err;
};

inline Run run_words(const std::vector<std::string>& words, const std::vector<std::string>& environment = {}) {
    const auto parsed = parse_arguments(words);
    REQUIRE(parsed.error == "");
    std::ostringstream out, err;
    const int status = run_verb(parsed.arguments, environment, out, err);
    return {status, out.str(), err.str()};
}

/// A verb, and what follows it.
inline Run run_verb_with(std::string verb, std::vector<std::string> words,
                         const std::vector<std::string>& environment = {}) {
    words.insert(words.begin(), std::move(verb));
    return run_words(words, environment);
}

}  // namespace dproxy::cli
