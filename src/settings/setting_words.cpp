// SPDX-License-Identifier: MIT
#include "settings/setting_words.hpp"

#include <algorithm>

#include "ini/excerpt.hpp"

namespace dproxy::config {

Parsed<std::vector<net::Endpoint>> parse_listen(std::string_view text, std::uint16_t default_port,
                                                const InterfaceCheck& interface_exists) {
    using Result = Parsed<std::vector<net::Endpoint>>;
    std::vector<net::Endpoint> endpoints;
    for (const auto item : split_list(text)) {
        const auto endpoint = parse_endpoint(item, default_port, PortZero::taken);
        if (!endpoint) return Result::bad(endpoint.fault);
        if (auto fault = missing_interface(endpoint->address, interface_exists); !fault.empty()) {
            return Result::bad(std::move(fault));
        }
        if (endpoint->port != 0 && std::find(endpoints.begin(), endpoints.end(), *endpoint) != endpoints.end()) {
            return Result::bad(excerpt(item) + " stands twice");
        }
        endpoints.push_back(*endpoint);
    }
    if (endpoints.empty() || endpoints.size() > max_listen_addresses) {
        const std::string port = std::to_string(default_port);
        return Result::bad("found " + std::to_string(endpoints.size()) + " addresses; expected 1 to " +
                           std::to_string(max_listen_addresses) + ", such as `0.0.0.0:" + port + ", [::]:" + port +
                           "`");
    }
    return Result::good(std::move(endpoints));
}

Parsed<std::vector<std::string>> parse_paths(std::string_view text, std::string_view what, std::size_t most) {
    using Result = Parsed<std::vector<std::string>>;
    std::vector<std::string> paths;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        more = comma != std::string_view::npos;
        const auto path = text.substr(0, comma);
        const auto begin = path.find_first_not_of(" \t");
        if (begin == std::string_view::npos) {
            return Result::bad("an empty name was found; expected " + std::string(what) + ", separated by commas");
        }
        paths.emplace_back(path.substr(begin, path.find_last_not_of(" \t") - begin + 1));
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    if (paths.size() > most) {
        return Result::bad("found " + std::to_string(paths.size()) + " " + std::string(what) + "; expected at most " +
                           std::to_string(most));
    }
    return Result::good(std::move(paths));
}

}  // namespace dproxy::config
