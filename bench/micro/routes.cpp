// SPDX-License-Identifier: MIT
#include "routes.hpp"

#include <cstdio>
#include <map>

#include "route_files/prox_file.hpp"

namespace dproxy::bench {

std::string zone(std::size_t number) {
    char text[32];
    std::snprintf(text, sizeof text, "z%06zu.lab", number);
    return text;
}

std::vector<std::string> file_texts(std::size_t routes) {
    constexpr std::size_t zones_per_file = 1000;
    std::vector<std::string> texts;
    for (std::size_t number = 0; number < routes / 2; ++number) {
        if (number % zones_per_file == 0) texts.emplace_back();
        const std::string keys =
            "]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= " + std::to_string(5301 + number % 3) + "\n\n";
        for (const char* head : {"[*.", "["}) texts.back().append(head).append(zone(number)).append(keys);
    }
    return texts;
}

std::vector<std::shared_ptr<const routing::RouteFile>> files(std::size_t routes) {
    routing::SettingsPool pool;
    std::vector<std::shared_ptr<const routing::RouteFile>> all;
    for (const std::string& text : file_texts(routes)) {
        all.push_back(config::parse_prox(text, "f" + std::to_string(all.size()), {}, pool).file);
    }
    return all;
}

std::shared_ptr<const routing::RouteTable> table(std::size_t routes) {
    static std::map<std::size_t, std::shared_ptr<const routing::RouteTable>> tables;
    auto& known = tables[routes];
    if (!known) known = routing::RouteTable::build(files(routes)).table;
    return known;
}

}  // namespace dproxy::bench
