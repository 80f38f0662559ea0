// SPDX-License-Identifier: MIT
#include "settings/resolv_conf.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace dproxy::config {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }

/// Takes the next word off the front of a line; empty at its end.
std::string_view take_word(std::string_view& line) {
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

/// The number of `NAME:number`, at most `limit`, whatever follows its digits; nothing where there are none.
std::optional<unsigned> option_value(std::string_view option, std::string_view name, unsigned limit) {
    if (!option.starts_with(name)) {
        return std::nullopt;
    }
    const auto digits = option.substr(name.size());
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) {
        return limit;
    }
    if (error != std::errc{}) {
        return std::nullopt;
    }
    return std::min(value, limit);
}

void read_options(std::string_view words, ResolvConf& conf) {
    for (auto option = take_word(words); !option.empty(); option = take_word(words)) {
        if (const auto ndots = option_value(option, "ndots:", max_resolver_ndots)) {
            conf.ndots = *ndots;
        } else if (const auto timeout = option_value(option, "timeout:", unsigned{max_resolver_timeout.count()})) {
            conf.timeout = std::chrono::seconds{std::max(*timeout, 1U)};
        } else if (const auto attempts = option_value(option, "attempts:", max_resolver_attempts)) {
            conf.attempts = std::max(*attempts, 1U);
        }
        conf.rotate = conf.rotate || option.starts_with("rotate");
        conf.use_tcp = conf.use_tcp || option.starts_with("use-vc");
        conf.no_aaaa = conf.no_aaaa || option.starts_with("no-aaaa");
        conf.no_tld_query =
            conf.no_tld_query || option.starts_with("no-tld-query") || option.starts_with("no_tld_query");
    }
}

/// inet_aton's forms are taken, `127.1` too. What follows a `%` is a zone where one can be; else it is not looked at.
std::optional<net::Address> parse_nameserver(std::string_view word) {
    in_addr v4{};
    if (::inet_aton(std::string(word).c_str(), &v4) != 0) {
        const std::uint32_t bits = ntohl(v4.s_addr);
        const auto byte = [bits](unsigned shift) { return static_cast<std::uint8_t>(bits >> shift); };
        return net::Address::v4(byte(24), byte(16), byte(8), byte(0));
    }
    if (word.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    const auto zoned = net::Address::parse_zoned(word);
    return zoned ? zoned : net::Address::parse(word.substr(0, word.find('%')));
}

void read_nameserver(std::string_view word, ResolvConf& conf) {
    auto address = parse_nameserver(word);
    if (!address || conf.nameservers.size() == max_resolver_nameservers) {
        return;
    }
    if (address->is_unspecified()) {  // to the kernel it is this host
        address = net::Address::parse(address->is_v4() ? "127.0.0.1" : "::1");
    }
    conf.nameservers.push_back(*address);
}

/// A line that names no domain changes nothing.
void read_search(std::string_view words, std::size_t limit, std::vector<std::string>& search) {
    std::vector<std::string> domains;
    for (auto domain = take_word(words); !domain.empty() && domains.size() < limit; domain = take_word(words)) {
        domains.emplace_back(domain);
    }
    if (!domains.empty()) {
        search = std::move(domains);
    }
}

/// A keyword counts only where it begins the line, with white space after it; all else is a comment, and so is what
/// follows a NUL.
void read_line(std::string_view line, bool search_is_given, ResolvConf& conf) {
    line = line.substr(0, line.find('\0'));
    if (line.empty() || is_blank(line.front())) {
        return;
    }
    const auto keyword = take_word(line);
    constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
    if (keyword == "nameserver") {
        read_nameserver(take_word(line), conf);
    } else if (keyword == "search" && !search_is_given) {
        read_search(line, no_limit, conf.search);
    } else if (keyword == "domain" && !search_is_given) {
        read_search(line, 1, conf.search);
    } else if (keyword == "options") {
        read_options(line, conf);
    }
}

std::string_view domain_of(std::string_view host_name) {
    const auto dot = host_name.find('.');
    return dot == std::string_view::npos ? std::string_view{} : host_name.substr(dot + 1);
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text, const ResolverEnvironment& environment) {
    ResolvConf conf;
    const bool search_is_given = environment.local_domain.has_value();
    if (search_is_given) {
        const std::string_view domains = *environment.local_domain;
        read_search(domains.substr(0, domains.find('\n')), std::numeric_limits<std::size_t>::max(), conf.search);
    }
    while (!text.empty()) {
        const auto length = std::min(text.find('\n'), text.size());
        read_line(text.substr(0, length), search_is_given, conf);
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    conf.names_none = conf.nameservers.empty();
    if (conf.names_none) {
        conf.nameservers.push_back(net::Address::v4(127, 0, 0, 1));
    }
    const auto domain = domain_of(environment.host_name);
    if (conf.search.empty() && !search_is_given && !domain.empty()) {
        conf.search.emplace_back(domain);
    }
    read_options(environment.options, conf);
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
