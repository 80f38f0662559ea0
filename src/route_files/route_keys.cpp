// SPDX-License-Identifier: MIT
#include "route_files/route_keys.hpp"

#include <algorithm>
#include <utility>

#include "ini/excerpt.hpp"
#include "ini/nearest_name.hpp"
#include "ini/typed_values.hpp"
#include "route_files/files_beside.hpp"
#include "route_files/keeping_keys.hpp"
#include "routing/setting_names.hpp"

namespace dproxy::config {

using routing::Health;
using routing::Hedge;
using routing::LocalAnswer;
using routing::Policy;
using routing::Protocol;

namespace {

std::string not_built(std::string_view found) {
    return excerpt(found) + " was found, but this build has no TLS; expected `udp` or `tcp`";
}

constexpr const char* key_not_built = "this build has no TLS, for which the key is meant";

/// Puts a value where it belongs, or hands on what is wrong with it.
template <typename T, typename Field>
std::string take(Parsed<T> parsed, Field& field) {
    if (!parsed) return std::move(parsed.fault);
    field = static_cast<Field>(std::move(*parsed.value));
    return {};
}

/// What begins like one is meant as one: the words of `answer` are letters.
bool looks_like_an_address(std::string_view text) {
    return net::Address::parse(text).has_value() || text.find_first_of(".:0123456789") != std::string_view::npos;
}

}  // namespace

/// One function for each key: checks a value and keeps it. Returns what is wrong with it, or nothing.
struct RouteKeyReader {
    using Settings = routing::RouteSettings;
    using Text = std::string_view;

    // Which port stands where none is written depends on keys that may follow: read at the section's end.
    static std::string address(RouteDraft&, Text) { return {}; }

    static std::string port(RouteDraft& draft, Text value) {
        std::uint16_t port = 0;
        std::string fault = take(parse_number(value, 1, 65535), port);
        if (fault.empty()) draft.port_ = port;
        return fault;
    }

    static std::string protocol(RouteDraft& draft, Text value) {
        static constexpr auto words = named(Protocol::as_client, Protocol::tcp, Protocol::tls, Protocol::https);
        std::string fault = take(parse_choice(value, words), draft.settings_.protocol);
        if (!fault.empty() || !is_encrypted(draft.settings_.protocol)) return fault;
        return draft.capabilities_.encryption ? "" : not_built(value);
    }

    static std::string policy(RouteDraft& draft, Text value) {
        static constexpr auto words = named(Policy::least_outstanding, Policy::round_robin, Policy::random,
                                            Policy::first, Policy::hash);
        return take(parse_choice(value, words), draft.settings_.policy);
    }

    static std::string timeout(RouteDraft& draft, Text value) {
        return take(parse_duration(value, min_route_timeout, max_route_timeout), draft.settings_.timeout);
    }

    static std::string attempts(RouteDraft& draft, Text value) {
        return take(parse_number(value, 1, routing::max_attempts), draft.settings_.attempts);
    }

    static std::string fallback_on(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<std::uint8_t>, 4> words{{{"servfail", routing::fallback::servfail},
                                                                    {"refused", routing::fallback::refused},
                                                                    {"nxdomain", routing::fallback::nxdomain},
                                                                    {"none", routing::fallback::none}}};
        const auto items = split_list(value);
        std::uint8_t bits = routing::fallback::none;
        if (items.empty()) return parse_choice(value, words).fault;
        for (const Text item : items) {
            const auto bit = parse_choice(item, words);
            if (!bit) return bit.fault;
            const bool is_none = *bit == routing::fallback::none;
            if (is_none && items.size() > 1) return "`none` stands beside others; expected it alone";
            bits = static_cast<std::uint8_t>(bits | *bit);
        }
        draft.settings_.fallback_on = bits;
        return {};
    }

    static std::string hedge(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<Hedge>, 2> words{{{"off", Hedge::off}, {"p95", Hedge::p95}}};
        if (const auto word = parse_choice(value, words)) return take(word, draft.settings_.hedge);
        std::string fault = take(parse_duration(value, min_hedge, max_route_timeout), draft.settings_.hedge_after);
        draft.settings_.hedge = Hedge::after;
        return fault.empty() ? fault : fault + ", or `p95`, or `off`";
    }

    static std::string max_inflight(RouteDraft& draft, Text value) {
        return take(parse_number(value, 1, max_route_inflight), draft.settings_.max_inflight);
    }

    static std::string health(RouteDraft& draft, Text value) {
        static constexpr auto words = named(Health::on, Health::passive, Health::off);
        return take(parse_choice(value, words), draft.settings_.health);
    }

    template <auto Field, auto Parse>
    static std::string parsed(RouteDraft& draft, Text value) {
        return take(Parse(value), draft.settings_.*Field);
    }

    static std::string answer(RouteDraft& draft, Text value) {
        static constexpr auto words = named(LocalAnswer::refused, LocalAnswer::nxdomain, LocalAnswer::nodata,
                                            LocalAnswer::servfail, LocalAnswer::drop);
        const auto items = split_list(value);
        if (items.empty() || !looks_like_an_address(items.front())) {
            std::string fault = take(parse_choice(value, words), draft.settings_.answer);
            return fault.empty() ? fault : fault + ", or addresses";
        }
        draft.settings_.answer = LocalAnswer::addresses;
        return take(parse_answer_addresses(value), draft.settings_.answer_addresses);
    }

    static std::string ttl(RouteDraft& draft, Text value) {
        const auto ttl = parse_duration(value, std::chrono::milliseconds{0}, max_answer_ttl);
        if (!ttl) return ttl.fault;
        draft.settings_.ttl = std::chrono::duration_cast<std::chrono::seconds>(*ttl);
        return draft.settings_.ttl == *ttl ? "" : excerpt(value) + " was found; expected whole seconds";
    }

    static std::string allow(RouteDraft& draft, Text value) {
        draft.settings_.allow_all = equal_words(value, "all");
        if (draft.settings_.allow_all) return {};
        return take(parse_networks(value), draft.settings_.allow);
    }

    static std::string clients(RouteDraft& draft, Text value) {
        if (equal_words(value, "all")) return {};
        auto networks = parse_networks(value);
        if (!networks) return std::move(networks.fault);
        std::vector<net::Network> each = networks.value->networks();
        std::sort(each.begin(), each.end());
        each.erase(std::unique(each.begin(), each.end()), each.end());
        draft.settings_.audience.clients = std::move(each);
        return {};
    }

    static std::string types(RouteDraft& draft, Text value) {
        if (equal_words(value, "all")) return {};
        return take(parse_types(value), draft.settings_.audience.types);
    }

    static std::string patterns(RouteDraft& draft, Text value) {
        std::string fault = name_beside_fault(value, draft.capabilities_.extension);
        if (fault.empty()) draft.list_ = value;
        return fault;
    }

    static std::string client_subnet(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<bool>, 2> words{{{"add", true}, {"off", false}}};
        return take(parse_choice(value, words), draft.settings_.client_subnet);
    }

    static std::string proxy_protocol(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<bool>, 2> words{{{"v2", true}, {"off", false}}};
        return take(parse_choice(value, words), draft.settings_.proxy_protocol);
    }

    template <std::string (*Read)(Text, routing::Keeping&)>
    static std::string keeping(RouteDraft& draft, Text value) {
        return Read(value, draft.settings_.keeping);
    }

    static std::string https_path(RouteDraft& draft, Text value) {
        return draft.capabilities_.encryption ? take(parse_https_path(value), draft.settings_.https_path)
                                              : key_not_built;
    }

    static std::string tls_name(RouteDraft& draft, Text value) {
        return draft.capabilities_.encryption ? draft.tls_.name(value) : key_not_built;
    }

    using FileKey = std::string (TlsDraft::*)(Text value, Text extension);
    template <FileKey key>
    static std::string tls_file(RouteDraft& draft, Text value) {
        if (!draft.capabilities_.encryption) return key_not_built;
        return (draft.tls_.*key)(value, draft.capabilities_.extension);
    }

    static std::string tls_verify(RouteDraft& draft, Text value) {
        std::string fault = draft.tls_.verify(value);
        if (!fault.empty() || draft.capabilities_.encryption || draft.tls_.verifies()) return fault;
        return key_not_built;
    }

    static std::string tls_pin(RouteDraft& draft, Text value) {
        return draft.capabilities_.encryption ? draft.tls_.pins(value, *draft.capabilities_.encryption) : key_not_built;
    }
};

namespace {

using Reader = std::string (*)(RouteDraft&, std::string_view);
struct KeyLine {
    RouteKey key;
    Reader read;
};

constexpr std::array<KeyLine, route_key_count> key_lines{{
    {{"address", "upstreams: `IP`, `IP:port`, `[IPv6]:port`, `host`, `host:port`", ""}, RouteKeyReader::address},
    {{"port", "for the addresses that carry none", "53 (`tls` 853, `https` 443)"}, RouteKeyReader::port},
    {{"protocol", "`udp` (as the client came), `tcp`, `tls` or `https`", "udp"}, RouteKeyReader::protocol},
    {{"policy", "which upstream first: `least-outstanding`, `round-robin`, `random`, `first`, `hash`",
      "least-outstanding"}, RouteKeyReader::policy},
    {{"timeout", "the longest time until the client has its answer, all attempts together", "4s"},
     RouteKeyReader::timeout},
    {{"attempts", "how many attempts may be made within it", "2"}, RouteKeyReader::attempts},
    {{"fallback_on", "what else moves on to the next upstream: `servfail`, `refused`, `nxdomain`, `none`", "none"},
     RouteKeyReader::fallback_on},
    {{"hedge", "ask a second upstream when the first is slow: after `p95` of its usual time, or a duration", "off"},
     RouteKeyReader::hedge},
    {{"max_inflight", "queries waiting on this route at a time", "10000"}, RouteKeyReader::max_inflight},
    {{"health", "`on` (probes), `passive` or `off`", "on"}, RouteKeyReader::health},
    {{"probe", "what probes ask: a name and a type", ". NS"},
     RouteKeyReader::parsed<&routing::RouteSettings::probe, parse_probe>},
    {{"answer", "answer here: `refused`, `nxdomain`, `nodata`, `servfail`, `drop`, or addresses", ""},
     RouteKeyReader::answer},
    {{"ttl", "of an `answer` of addresses", "60s"}, RouteKeyReader::ttl},
    {{"allow", "client networks that may use the route; others get REFUSED", "all"}, RouteKeyReader::allow},
    {{"clients", "client networks that the section is meant for; others do not see it", "all"},
     RouteKeyReader::clients},
    {{"types", "query types that the section is meant for, such as `A, AAAA`; others do not see it", "all"},
     RouteKeyReader::types},
    {{"patterns", "a file beside this one with more patterns, one a line", ""}, RouteKeyReader::patterns},
    {{"client_subnet", "`add`: tell the upstream the client's network", "off"}, RouteKeyReader::client_subnet},
    {{"proxy_protocol", "`v2`: send the client's address in front of the message", "off"},
     RouteKeyReader::proxy_protocol},
    {{"querylog", "log what is asked: `on`, `off`, `1/N`", "the setting"},
     RouteKeyReader::parsed<&routing::RouteSettings::query_log, parse_one_in>},
    {{"cache", "keep answers for others who ask the same: `on`, `off`", "off"}, RouteKeyReader::keeping<read_cache>},
    {{"cache_ttl", "the least and the longest time that an answer is kept, `MIN-MAX`", "0s-1d"},
     RouteKeyReader::keeping<read_cache_ttl>},
    {{"cache_negative", "the longest time for what is not there", "5m"},
     RouteKeyReader::keeping<read_cache_negative>},
    {{"cache_stale", "how much longer, for when the upstreams bring nothing", "off"},
     RouteKeyReader::keeping<read_cache_stale>},
    {{"cache_stale_after", "how long the upstreams are waited for before that", "1800ms"},
     RouteKeyReader::keeping<read_cache_stale_after>},
    {{"cache_prefetch", "ask again near the end what was asked for that often", "off"},
     RouteKeyReader::keeping<read_cache_prefetch>},
    {{"merge", "ask once what several clients ask at the same time: `on`, `off`", "off (`on` with `cache`)"},
     RouteKeyReader::keeping<read_merge>},
    {{"https_path", "of `https`: where questions go", usual_https_path}, RouteKeyReader::https_path},
    {{"tls_name", "of `tls` and `https`: the name to verify", "the host"}, RouteKeyReader::tls_name},
    {{"tls_ca", "of `tls` and `https`: a file beside this one, the authorities to verify against", "the system's"},
     RouteKeyReader::tls_file<&TlsDraft::authorities>},
    {{"tls_verify", "of `tls` and `https`: whether to verify at all", "on"}, RouteKeyReader::tls_verify},
    {{"tls_pin", "of `tls` and `https`: public keys of which one must be in the chain, `sha256/BASE64`", ""},
     RouteKeyReader::tls_pin},
    {{"tls_cert", "of `tls` and `https`: a file beside this one, the certificate to show", ""},
     RouteKeyReader::tls_file<&TlsDraft::certificate>},
    {{"tls_key", "of `tls` and `https`: a file beside this one, its private key", ""},
     RouteKeyReader::tls_file<&TlsDraft::key>},
}};

constexpr auto keys = [] {
    std::array<RouteKey, route_key_count> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = key_lines[i].key;
    return all;
}();

constexpr auto names = [] {
    std::array<std::string_view, route_key_count> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = keys[i].name;
    return all;
}();

std::uint16_t default_port(Protocol protocol) {
    switch (protocol) {
        case Protocol::tls: return tls_port;
        case Protocol::https: return https_port;
        case Protocol::as_client:
        case Protocol::tcp: break;
    }
    return dns_port;
}

/// An unknown key whose name or value is that of a misspelt `address` or `answer`.
bool is_meant_as_destination(std::string_view key, std::string_view value) {
    const std::string_view nearest = nearest_name(key, names);
    if (nearest == "address" || nearest == "answer") return true;
    const auto items = split_list(value);
    return !items.empty() && parse_endpoint(items.front(), dns_port, PortZero::refused);
}

/// The same address twice would be "another upstream" only by name: it counts once, at its first place.
void drop_repeated(std::vector<routing::Target>& targets) {
    auto end = targets.begin();
    for (auto target = targets.begin(); target != targets.end(); ++target) {
        if (std::find(targets.begin(), end, *target) != end) continue;
        if (end != target) *end = std::move(*target);
        ++end;
    }
    targets.erase(end, targets.end());
}

}  // namespace

std::span<const RouteKey> route_keys() { return keys; }

void RouteDraft::set(std::uint32_t line, std::string_view key, std::string_view value, Diagnostics& faults) {
    const auto name = std::find(names.begin(), names.end(), key);
    if (name == names.end()) {
        // Probably the address or the answer that would be missed next: one mistake, one fault.
        spoilt_ = spoilt_ || is_meant_as_destination(key, value);
        return fault(line, unknown_key(key, names), faults);
    }
    const auto index = static_cast<std::size_t>(name - names.begin());
    if (given_[index].line != 0) {
        return fault(line, '`' + std::string(key) + "` stands twice in this section, first in line " +
                         std::to_string(given_[index].line) + "; expected it once", faults);
    }
    given_[index] = {line, value};
    const std::string wrong = key_lines[index].read(*this, value);
    given_[index].bad = !wrong.empty();
    if (!wrong.empty()) fault(line, '`' + std::string(key) + "`: " + wrong, faults);
}

std::optional<routing::RouteSettings> RouteDraft::finish(const TextFinder& text_of, Diagnostics& faults,
                                                         Diagnostics& warnings) {
    const bool has_address = given("address").line != 0;
    const bool has_answer = given("answer").line != 0;
    if (has_address) read_address(faults);
    if (has_address && has_answer && !given("answer").bad) {
        fault(given("answer").line, "`answer` stands beside `address`; expected one of them", faults);
    } else if (!has_address && !has_answer && !spoilt_) {
        fault(line_, "the section has neither `address` nor `answer`; expected one of them", faults);
    }
    check_encryption(text_of, faults, warnings);
    check_hedge(faults);
    check_ttl(faults);
    check_keeping(faults);
    if (faulty_) return std::nullopt;
    check_audience(warnings);
    return std::move(settings_);
}

void RouteDraft::read_address(Diagnostics& faults) {
    const Given& address = given("address");
    auto targets = parse_targets(address.value, port_.value_or(default_port(settings_.protocol)));
    if (!targets) return fault(address.line, "`address`: " + targets.fault, faults);
    for (const routing::Target& target : *targets.value) {
        const std::string missing = missing_interface(target.endpoint.address, capabilities_.interface_exists);
        if (missing.empty()) continue;
        awaits_interface_ = true;
        return fault(address.line, "`address`: " + missing, faults);
    }
    settings_.targets = std::move(*targets.value);
    drop_repeated(settings_.targets);
}

void RouteDraft::fault(std::uint32_t line, std::string message, Diagnostics& faults) {
    faulty_ = true;
    faults.push_back({Severity::error, {}, line, std::move(message)});
}

const RouteDraft::Given& RouteDraft::given(std::string_view key) const {
    return given_[static_cast<std::size_t>(std::find(names.begin(), names.end(), key) - names.begin())];
}

}  // namespace dproxy::config
