// SPDX-License-Identifier: MIT
#include "config/route_keys.hpp"

#include <algorithm>
#include <utility>

#include "config/excerpt.hpp"
#include "config/nearest_name.hpp"
#include "config/typed_values.hpp"

namespace dproxy::config {

using routing::Health;
using routing::Hedge;
using routing::LocalAnswer;
using routing::Policy;
using routing::Protocol;

namespace {

std::string not_built(std::string_view found, std::string_view expected) {
    return excerpt(found) + " is not supported by this version yet; expected " + std::string(expected);
}

/// Puts a value where it belongs, or hands on what is wrong with it.
template <typename T, typename Field>
std::string take(Parsed<T> parsed, Field& field) {
    if (!parsed) return std::move(parsed.fault);
    field = static_cast<Field>(std::move(*parsed.value));
    return {};
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
        static constexpr std::array<Choice<Protocol>, 4> words{
            {{"udp", Protocol::udp}, {"tcp", Protocol::tcp}, {"tls", Protocol::tls}, {"https", Protocol::https}}};
        std::string fault = take(parse_choice(value, words), draft.settings_.protocol);
        if (!fault.empty() || draft.capabilities_.encryption || !draft.encrypted()) return fault;
        return not_built(value, "`udp` or `tcp`");
    }

    static std::string policy(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<Policy>, 5> words{{{"least-outstanding", Policy::least_outstanding},
                                                              {"round-robin", Policy::round_robin},
                                                              {"random", Policy::random},
                                                              {"first", Policy::first},
                                                              {"hash", Policy::hash}}};
        std::string fault = take(parse_choice(value, words), draft.settings_.policy);
        if (!fault.empty() || draft.capabilities_.policies || draft.settings_.policy == Policy::first) return fault;
        return not_built(value, "`first`");
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
        if (draft.capabilities_.fallback || bits == routing::fallback::none) return {};
        return not_built(value, "`none`");
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
        static constexpr std::array<Choice<Health>, 3> words{
            {{"on", Health::on}, {"passive", Health::passive}, {"off", Health::off}}};
        std::string fault = take(parse_choice(value, words), draft.settings_.health);
        if (!fault.empty() || draft.capabilities_.health || draft.settings_.health == Health::off) return fault;
        return not_built(value, "`off`");
    }

    static std::string answer(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<LocalAnswer>, 5> words{{{"refused", LocalAnswer::refused},
                                                                   {"nxdomain", LocalAnswer::nxdomain},
                                                                   {"nodata", LocalAnswer::nodata},
                                                                   {"servfail", LocalAnswer::servfail},
                                                                   {"drop", LocalAnswer::drop}}};
        return take(parse_choice(value, words), draft.settings_.answer);
    }

    static std::string allow(RouteDraft& draft, Text value) {
        draft.settings_.allow_all = equal_words(value, "all");
        if (draft.settings_.allow_all) return {};
        return take(parse_networks(value), draft.settings_.allow);
    }

    static std::string client_subnet(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<bool>, 2> words{{{"add", true}, {"off", false}}};
        return take(parse_choice(value, words), draft.settings_.client_subnet);
    }

    static std::string proxy_protocol(RouteDraft& draft, Text value) {
        static constexpr std::array<Choice<bool>, 2> words{{{"v2", true}, {"off", false}}};
        return take(parse_choice(value, words), draft.settings_.proxy_protocol);
    }

    static std::string tls_name(RouteDraft& draft, Text value) {
        if (!draft.capabilities_.encryption) return "this key is not supported by this version yet";
        const auto name = parse_target(value, tls_port);
        const bool is_host = name && !name->host.empty() && value.find(':') == Text::npos;
        if (!is_host) return (value.empty() ? "nothing" : excerpt(value)) + " was found; expected a host name";
        draft.settings_.tls_name = name->host;
        if (draft.settings_.tls_name.ends_with('.')) draft.settings_.tls_name.pop_back();
        return {};
    }

    static std::string tls_ca(RouteDraft& draft, Text value) {
        if (!draft.capabilities_.encryption) return "this key is not supported by this version yet";
        if (value.empty()) return "nothing was found; expected the path of a file of certificates";
        draft.settings_.tls_ca = value;
        return {};
    }

    static std::string tls_verify(RouteDraft& draft, Text value) {
        std::string fault = take(parse_switch(value), draft.settings_.tls_verify);
        if (!fault.empty() || draft.capabilities_.encryption || draft.settings_.tls_verify) return fault;
        return not_built(value, "`on`");
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
    {{"answer", "answer here: `refused`, `nxdomain`, `nodata`, `servfail` or `drop`", ""}, RouteKeyReader::answer},
    {{"allow", "client networks that may use the route", "all"}, RouteKeyReader::allow},
    {{"client_subnet", "`add`: tell the upstream the client's network", "off"}, RouteKeyReader::client_subnet},
    {{"proxy_protocol", "`v2`: send the client's address in front of the message", "off"},
     RouteKeyReader::proxy_protocol},
    {{"tls_name", "the name to verify, for `tls` and `https`", "the host"}, RouteKeyReader::tls_name},
    {{"tls_ca", "the authorities to verify against", "the system's"}, RouteKeyReader::tls_ca},
    {{"tls_verify", "whether to verify at all", "on"}, RouteKeyReader::tls_verify},
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
        case Protocol::udp:
        case Protocol::tcp: break;
    }
    return dns_port;
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
    if (name == names.end()) return fault(line, unknown_key(key, names), faults);
    const auto index = static_cast<std::size_t>(name - names.begin());
    if (given_[index].line != 0) {
        return fault(line, '`' + std::string(key) + "` stands twice in this section, first in line " +
                         std::to_string(given_[index].line) + "; expected it once", faults);
    }
    given_[index] = {line, value};
    const std::string wrong = key_lines[index].read(*this, value);
    if (!wrong.empty()) fault(line, '`' + std::string(key) + "`: " + wrong, faults);
}

std::optional<routing::RouteSettings> RouteDraft::finish(Diagnostics& faults) {
    const bool has_address = given("address").line != 0;
    const bool has_answer = given("answer").line != 0;
    if (has_address) read_address(faults);
    if (has_address && has_answer) {
        fault(given("answer").line, "`answer` stands beside `address`; expected one of them", faults);
    } else if (!has_address && !has_answer && !spoilt_) {
        fault(line_, "the section has neither `address` nor `answer`; expected one of them", faults);
    }
    check_encryption(faults);
    check_hedge(faults);
    if (faulty_) return std::nullopt;
    return std::move(settings_);
}

void RouteDraft::read_address(Diagnostics& faults) {
    const Given& address = given("address");
    auto targets = parse_targets(address.value, port_.value_or(default_port(settings_.protocol)));
    if (!targets) return fault(address.line, "`address`: " + targets.fault, faults);
    settings_.targets = std::move(*targets.value);
    drop_repeated(settings_.targets);
}

void RouteDraft::check_encryption(Diagnostics& faults) {
    // Where it is not built, the keys themselves are refused; `tls_verify = on` asks for nothing.
    if (!capabilities_.encryption || encrypted()) return;
    for (const std::string_view key : {"tls_name", "tls_ca", "tls_verify"}) {
        if (given(key).line == 0 || (key == "tls_verify" && settings_.tls_verify)) continue;
        fault(given(key).line,
              '`' + std::string(key) + "` means nothing here; it goes with `protocol = tls` or `https`", faults);
    }
}

/// A hedge is an attempt that is made early.
void RouteDraft::check_hedge(Diagnostics& faults) {
    if (settings_.hedge == Hedge::off || settings_.attempts > 1) return;
    fault(given("hedge").line, "`hedge` stands beside `attempts = 1`; expected 2 attempts or more", faults);
}

bool RouteDraft::encrypted() const {
    return settings_.protocol == Protocol::tls || settings_.protocol == Protocol::https;
}

void RouteDraft::fault(std::uint32_t line, std::string message, Diagnostics& faults) {
    faulty_ = true;
    faults.push_back({Severity::error, {}, line, std::move(message)});
}

const RouteDraft::Given& RouteDraft::given(std::string_view key) const {
    return given_[static_cast<std::size_t>(std::find(names.begin(), names.end(), key) - names.begin())];
}

}  // namespace dproxy::config
