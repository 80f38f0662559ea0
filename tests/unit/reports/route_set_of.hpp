// SPDX-License-Identifier: MIT
// Sets of routes for tests, from short lines: `*.a.test 192.0.2.1`, `a.test clients=10.0.0.0/8 types=A,MX refused`.
#pragma once

#include <boost/json.hpp>
#include <sstream>
#include <string>

#include "reports/route_set.hpp"

namespace dproxy::test {

inline boost::json::array list_of_words(const std::string& text) {
    boost::json::array list;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) list.emplace_back(word);
    return list;
}

/// What follows the pattern: `KEY=VALUE` are members (`clients` and `types` lists), other words upstreams, or an answer
/// where they begin with a letter. Lines count from 1, in the file `f`.
inline void add_routes(config::RouteSet& set, const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    for (unsigned number = 1; std::getline(lines, line); ++number) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        boost::json::object route{{"pattern", word}, {"route", "[" + word + "]"}, {"file", "f"}, {"line", number}};
        while (words >> word) {
            const auto equals = word.find('=');
            if (equals != std::string::npos) {
                const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
                const bool is_list = key == "clients" || key == "types";
                route[key] = is_list ? boost::json::value(list_of_words(value)) : boost::json::value(value);
            } else if (word[0] >= 'a') {
                route["answer"] = word;
            } else {
                route["upstreams"] = list_of_words(word);
                route["protocol"] = "udp";
            }
        }
        set.add(route);
    }
}

}  // namespace dproxy::test
