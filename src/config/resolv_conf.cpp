// SPDX-License-Identifier: MIT
#include "config/resolv_conf.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace dproxy::config {
namespace {

/// Takes the next word off the front of a line; empty at its end.
std::string_view take_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r\f\v";
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) {
        line = {};
        return {};
    }
    line.remove_prefix(begin);
    const auto length = std::min(line.find_first_of(blanks), line.size());
    const auto word = line.substr(0, length);
    line.remove_prefix(length);
    return word;
}

/// The number of `NAME:number`, at most `limit`; nothing where the option is another one.
std::optional<unsigned> option_value(std::string_view option, std::string_view name, unsigned limit) {
    if (!option.starts_with(name) || option.size() <= name.size() || option[name.size()] != ':') {
        return std::nullopt;
    }
    const auto digits = option.substr(name.size() + 1);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) {
        return limit;
    }
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return std::min(value, limit);
}

void read_options(std::string_view words, ResolvConf& conf) {
    for (auto option = take_word(words); !option.empty(); option = take_word(words)) {
        if (const auto ndots = option_value(option, "ndots", max_resolver_ndots)) {
            conf.ndots = *ndots;
        } else if (const auto timeout = option_value(option, "timeout", unsigned{max_resolver_timeout.count()})) {
            conf.timeout = std::chrono::seconds{std::max(*timeout, 1U)};
        } else if (const auto attempts = option_value(option, "attempts", max_resolver_attempts)) {
            conf.attempts = std::max(*attempts, 1U);
        }
    }
}

void read_nameserver(std::string_view word, ResolvConf& conf) {
    auto address = net::Address::parse(word.substr(0, word.find('%')));
    if (!address || conf.nameservers.size() == max_resolver_nameservers) {
        return;
    }
    if (address->is_unspecified()) {  // to the kernel it is this host
        address = net::Address::parse(address->is_v4() ? "127.0.0.1" : "::1");
    }
    conf.nameservers.push_back(*address);
}

void read_line(std::string_view line, ResolvConf& conf) {
    const auto keyword = take_word(line);
    if (keyword == "nameserver") {
        read_nameserver(take_word(line), conf);
    } else if (keyword == "search" || keyword == "domain") {
        conf.search.clear();
        for (auto domain = take_word(line); !domain.empty(); domain = take_word(line)) {
            conf.search.emplace_back(domain);
        }
    } else if (keyword == "options") {
        read_options(line, conf);
    }
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
    ResolvConf conf;
    while (!text.empty()) {
        const auto length = std::min(text.find('\n'), text.size());
        read_line(text.substr(0, length), conf);
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return conf;
}

std::vector<net::Endpoint> system_upstreams(const ResolvConf& resolv_conf, const net::OwnAddresses& own) {
    std::vector<net::Endpoint> upstreams;
    for (const auto& address : resolv_conf.nameservers) {
        const net::Endpoint nameserver{address, resolver_port};
        const bool again = std::find(upstreams.begin(), upstreams.end(), nameserver) != upstreams.end();
        if (!again && !own.contains(nameserver)) {
            upstreams.push_back(nameserver);
        }
    }
    return upstreams;
}

}  // namespace dproxy::config
