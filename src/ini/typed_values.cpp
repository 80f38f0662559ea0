// SPDX-License-Identifier: MIT
#include "ini/typed_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::config {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t max_port = 65535;
constexpr std::string_view target_forms = "`IP`, `IP:port`, `[IPv6]:port`, `host` or `host:port`";
constexpr std::string_view endpoint_forms = "`IP`, `IP:port` or `[IPv6]:port`";

struct Unit {
    std::string_view name;
    std::uint64_t milliseconds;
};
constexpr std::array<Unit, 5> units{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Nothing unless the whole text is digits and the number fits 64 bits.
std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

/// Of a path as it stands in a request (RFC 3986 3.3), without percent-encoding, which would have two ways of saying
/// the same.
bool is_path_character(char c) {
    constexpr std::string_view others = "/-._~!$&'()*+,;=:@";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
}

std::string found(std::string_view text) { return text.empty() ? "nothing" : excerpt(text); }

/// A host with the port that may follow it, before either is judged.
struct HostAndPort {
    std::string_view host;
    std::optional<std::string_view> port;
};

HostAndPort split_port(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos || close + 1 == text.size() || text[close + 1] != ':') return {text, {}};
        return {text.substr(0, close + 1), text.substr(close + 2)};
    }
    if (std::count(text.begin(), text.end(), ':') != 1) return {text, {}};
    const std::size_t colon = text.find(':');
    return {text.substr(0, colon), text.substr(colon + 1)};
}

Parsed<std::uint16_t> parse_port(const HostAndPort& parts, std::uint16_t default_port, PortZero zero) {
    using Port = Parsed<std::uint16_t>;
    if (!parts.port) return Port::good(default_port);
    const std::uint64_t least = zero == PortZero::taken ? 0 : 1;
    const auto port = parse_number(*parts.port, least, max_port);
    if (!port) return Port::bad("the port of " + excerpt(parts.host) + ": " + port.fault);
    return Port::good(static_cast<std::uint16_t>(*port));
}

std::string not_an_address(std::string_view text, std::string_view forms) {
    std::string message = found(text) + " is not an address; expected " + std::string(forms);
    if (text.find('%') != std::string_view::npos) {
        message += " (a zone such as `%eth0`, of at most " + std::to_string(net::max_zone_length) +
                   " letters, goes with a link-local IPv6 address, as in `[fe80::1%eth0]:53`)";
    }
    return message;
}

/// No socket can be opened to or at such an address without its zone.
std::string missing_zone(std::string_view text, const net::Address& address) {
    if (!address.is_link_local() || !address.zone_text().empty()) return {};
    return excerpt(text) + " is link-local; expected its interface as well, as in `[fe80::1%eth0]:53`";
}

/// Letters, digits, `-` and `_` in each label, and a last label that is not a number (that would be a
/// mistyped IPv4 address).
bool is_host_name(std::string_view text) {
    const auto allowed = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    };
    if (!std::all_of(text.begin(), text.end(), allowed)) return false;
    const dns::Name::Parsed parsed = dns::Name::parse(text, true);
    if (parsed.fault || parsed.name.is_root()) return false;
    if (text.ends_with('.')) text.remove_suffix(1);
    const std::string_view last = text.substr(text.rfind('.') + 1);
    return !std::all_of(last.begin(), last.end(), is_digit);
}

}  // namespace

Parsed<milliseconds> parse_duration(std::string_view text, milliseconds min, milliseconds max) {
    using Duration = Parsed<milliseconds>;
    const auto unit_at = std::find_if_not(text.begin(), text.end(), is_digit) - text.begin();
    const auto number = whole_number(text.substr(0, static_cast<std::size_t>(unit_at)));
    const std::string_view unit = text.substr(static_cast<std::size_t>(unit_at));
    const auto known = std::find_if(units.begin(), units.end(),
                                    [unit](const Unit& one) { return equal_words(unit, one.name); });
    if (unit_at == 0 || known == units.end()) {
        return Duration::bad(found(text) + " is not a duration; expected a whole number with `ms`, `s`, `m`, `h` or " +
                             "`d`, such as `250ms` or `4s`");
    }
    const std::uint64_t factor = known->milliseconds;
    // A number too large for 64 bits is out of range as well.
    const auto range = static_cast<std::uint64_t>(max.count());
    if (!number || *number > range / factor || *number * factor < static_cast<std::uint64_t>(min.count())) {
        return Duration::bad(excerpt(text) + " is out of range; expected " + duration_text(min) + " to " +
                             duration_text(max));
    }
    return Duration::good(milliseconds{*number * factor});
}

std::string duration_text(milliseconds duration) {
    const auto count = duration.count();
    if (count != 0 && count % 86'400'000 == 0) return std::to_string(count / 86'400'000) + "d";
    if (count > 3'600'000 && count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
    if (count != 0 && count % 60'000 == 0) return std::to_string(count / 60'000) + "m";
    if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
    return std::to_string(count) + "ms";
}

Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max) {
    using Number = Parsed<std::uint64_t>;
    const std::string range = std::to_string(min) + " to " + std::to_string(max);
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    if (!digits) return Number::bad(found(text) + " is not a number; expected " + range);
    const auto value = whole_number(text);
    if (value && *value >= min && *value <= max) return Number::good(*value);
    return Number::bad(excerpt(text) + " is out of range; expected " + range);
}

Parsed<bool> parse_switch(std::string_view text) {
    static constexpr std::array<Choice<bool>, 8> words{{{"true", true}, {"false", false}, {"yes", true}, {"no", false},
                                                        {"on", true}, {"off", false}, {"1", true}, {"0", false}}};
    return parse_choice(text, words);
}

Parsed<std::uint32_t> parse_one_in(std::string_view text) {
    using OneIn = Parsed<std::uint32_t>;
    constexpr std::string_view one_of = "1/";
    if (equal_words(text, "off")) return OneIn::good(0);
    if (equal_words(text, "on")) return OneIn::good(1);
    if (text.starts_with(one_of)) {
        const auto number = parse_number(text.substr(one_of.size()), 1, std::numeric_limits<std::uint32_t>::max());
        if (number) return OneIn::good(static_cast<std::uint32_t>(*number));
    }
    return OneIn::bad(found(text) + " was found; expected `off`, `on`, or `1/N` for one query in N");
}

std::string one_in_text(std::uint32_t one_in) {
    return one_in == 0 ? "off" : one_in == 1 ? "on" : "1/" + std::to_string(one_in);
}

std::vector<std::string_view> split_list(std::string_view text) {
    std::vector<std::string_view> items;
    for_each_item(text, [&items](std::string_view item) { items.push_back(item); });
    return items;
}

Parsed<net::NetworkList> parse_networks(std::string_view text) {
    using Networks = Parsed<net::NetworkList>;
    constexpr std::string_view expected = "expected networks such as `10.0.0.0/8`, `fd00::/8` or `192.0.2.1`";
    std::vector<net::Network> networks;
    for (const std::string_view item : split_list(text)) {
        const auto network = net::Network::parse(item);
        if (!network) return Networks::bad(excerpt(item) + " is not a network; " + std::string(expected));
        networks.push_back(*network);
    }
    if (networks.empty()) return Networks::bad("nothing was found; " + std::string(expected));
    return Networks::good(net::NetworkList(std::move(networks)));
}

Parsed<net::Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port, PortZero port_zero) {
    using Endpoint = Parsed<net::Endpoint>;
    const HostAndPort parts = split_port(text);
    const auto host = net::Endpoint::parse(parts.host, 0);
    if (!host) return Endpoint::bad(not_an_address(text, endpoint_forms));
    if (auto fault = missing_zone(text, host->address); !fault.empty()) return Endpoint::bad(std::move(fault));
    const auto port = parse_port(parts, default_port, port_zero);
    if (!port) return Endpoint::bad(port.fault);
    return Endpoint::good({host->address, *port});
}

Parsed<routing::Target> parse_target(std::string_view text, std::uint16_t default_port) {
    using Target = Parsed<routing::Target>;
    const HostAndPort parts = split_port(text);
    const auto address = net::Endpoint::parse(parts.host, 0);
    if (!address && !is_host_name(parts.host)) return Target::bad(not_an_address(text, target_forms));
    if (address) {
        if (auto fault = missing_zone(text, address->address); !fault.empty()) return Target::bad(std::move(fault));
    }
    const auto port = parse_port(parts, default_port, PortZero::refused);
    if (!port) return Target::bad(port.fault);
    if (address) return Target::good({{}, {address->address, *port}});
    std::string host = dns::Name::parse(parts.host, true).name.to_text();
    if (parts.host.ends_with('.')) host += '.';
    return Target::good({std::move(host), {{}, *port}});
}

Parsed<std::vector<routing::Target>> parse_targets(std::string_view text, std::uint16_t default_port) {
    using Targets = Parsed<std::vector<routing::Target>>;
    std::vector<routing::Target> targets;
    for (const std::string_view item : split_list(text)) {
        auto target = parse_target(item, default_port);
        if (!target) return Targets::bad(std::move(target.fault));
        targets.push_back(std::move(*target.value));
    }
    if (targets.empty()) return Targets::bad("nothing was found; expected " + std::string(target_forms));
    if (targets.size() > routing::max_targets_per_route) {
        return Targets::bad(std::to_string(targets.size()) + " addresses were found; at most " +
                            std::to_string(routing::max_targets_per_route) + " may stand here");
    }
    return Targets::good(std::move(targets));
}

Parsed<std::vector<net::Address>> parse_answer_addresses(std::string_view text) {
    using Addresses = Parsed<std::vector<net::Address>>;
    std::vector<net::Address> addresses;
    for (const std::string_view item : split_list(text)) {
        const auto address = net::Address::parse(item);
        if (!address) {
            return Addresses::bad(excerpt(item) + " is not an address; expected addresses alone, without ports, " +
                                  "such as `192.0.2.1, 2001:db8::1`");
        }
        if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) addresses.push_back(*address);
    }
    if (addresses.size() > routing::max_answer_addresses) {
        return Addresses::bad(std::to_string(addresses.size()) + " addresses were found; at most " +
                              std::to_string(routing::max_answer_addresses) + " may stand here");
    }
    return Addresses::good(std::move(addresses));
}

Parsed<std::vector<std::uint16_t>> parse_types(std::string_view text) {
    using Types = Parsed<std::vector<std::uint16_t>>;
    constexpr std::string_view expected = "expected types such as `A, AAAA, TYPE65280`";
    std::vector<std::uint16_t> types;
    for (const std::string_view item : split_list(text)) {
        const int type = dns::parse_type(item);
        if (type <= 0 || type == dns::type::opt) {
            return Types::bad(excerpt(item) + " is no type to ask for; " + std::string(expected));
        }
        types.push_back(static_cast<std::uint16_t>(type));
    }
    if (types.empty()) return Types::bad("nothing was found; " + std::string(expected));
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    return Types::good(std::move(types));
}

Parsed<routing::ProbeSetting> parse_probe(std::string_view text) {
    using Probe = Parsed<routing::ProbeSetting>;
    constexpr std::string_view expected = "; expected a name and a type, such as `example.com SOA`";
    const auto words = split_list(text);
    if (words.size() != 2) return Probe::bad(found(text) + " was found" + std::string(expected));
    const auto name = dns::Name::parse(words[0], true);
    if (name.fault) return Probe::bad(excerpt(words[0]) + ": " + std::string(dns::describe(*name.fault)));
    const int type = dns::parse_type(words[1]);
    // OPT, and from TKEY to AXFR: no types of records that a server could be asked for by one message.
    const bool askable = type > 0 && type != dns::type::opt && (type < 249 || type > dns::type::axfr);
    if (!askable) return Probe::bad(excerpt(words[1]) + " is no type to ask for" + std::string(expected));
    return Probe::good({name.name.to_text(), static_cast<std::uint16_t>(type)});
}

Parsed<std::string> parse_https_path(std::string_view text) {
    using Path = Parsed<std::string>;
    const bool is_good = text.starts_with('/') && text.size() <= max_https_path_bytes &&
                         std::all_of(text.begin(), text.end(), is_path_character);
    if (is_good) return Path::good(std::string(text));
    return Path::bad(excerpt(text) + " was found; expected a path of 1 to " + std::to_string(max_https_path_bytes) +
                     " bytes that begins with `/`, without `?`, `#` and `%`, such as `/dns-query`");
}

bool equal_words(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return dns::to_lower(static_cast<std::uint8_t>(x)) == dns::to_lower(static_cast<std::uint8_t>(y));
    });
}

std::string not_one_of(std::string_view text, std::span<const std::string_view> words) {
    std::string message = found(text) + " was found; expected ";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) message += i + 1 == words.size() ? " or " : ", ";
        message.append("`").append(words[i]).append("`");
    }
    return message;
}

}  // namespace dproxy::config
