// SPDX-License-Identifier: MIT
#include "import/corefile_forward.hpp"

#include <algorithm>
#include <iterator>

#include "import/reverse_zones.hpp"
#include "import/upstream_text.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "net/address.hpp"

namespace dproxy::foreign {
namespace {

constexpr Advice advice[] = {
    {"max_fails", "health is judged by silence where there used to be an answer"},
    {"health_check", "upstreams are probed every second; `health` and `probe` say how"},
    {"expire", "connections to upstreams end after 8 s without a query"},
    {"max_age", "connections to upstreams are replaced after 100 queries"},
    {"read_timeout", "`timeout` is the time for all attempts together"},
    {"prefer_udp", "with `protocol = udp` queries go as they came"},
    {"next", "there is no other plugin that could be next; `fallback_on` asks the next upstream"},
};

/// Where to, taken apart: `tls://192.0.2.1:853%name`, `[2001:db8::1]:53`, `192.0.2.1`.
struct Target {
    std::string scheme = "dns";
    std::string upstream;
    std::string tls_name;
};

std::optional<Target> parse_target(std::string_view text) {
    Target target;
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
        target.scheme = text.substr(0, scheme);
        text.remove_prefix(scheme + 3);
    }
    // Behind `%` of a server for TLS stands the name to verify; the interface of a link-local address else.
    if (target.scheme == "tls" && text.find('%') != std::string_view::npos) {
        const auto [address, name] = cut_at(text, '%');
        const auto colon = name.rfind(':');
        target.tls_name = name.substr(0, colon);
        if (target.tls_name.ends_with(']')) target.tls_name.pop_back();
        std::string joined_again(address);
        if (address.starts_with('[')) joined_again += ']';
        if (colon != std::string_view::npos) joined_again += name.substr(colon);
        auto without = parse_target("dns://" + joined_again);
        if (!without) return std::nullopt;
        target.upstream = without->upstream;
        return target;
    }
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) return std::nullopt;
        port = rest.empty() ? rest : rest.substr(1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        const auto cut = cut_at(text, ':');
        host = cut.before;
        port = cut.after;
    }
    auto upstream = upstream_text(host, port);
    if (!upstream) return std::nullopt;
    target.upstream = std::move(*upstream);
    return target;
}

class ForwardReader {
public:
    ForwardReader(const CorefileDirective& directive, Draft& draft) : directive_(directive), draft_(draft) {}

    std::optional<CorefileForward> read() {
        forward_.line = directive_.line;
        if (directive_.words.size() < 3) {
            leave_out("names no server; expected `forward FROM TO`");
            return std::nullopt;
        }
        std::string_view from = directive_.words[1];
        const auto reverse = reverse_zones(from);
        if (reverse.size() == 1) from = reverse.front();
        forward_.from = plain_name(from);
        for (std::size_t i = 2; i < directive_.words.size(); ++i) add_target(directive_.words[i]);
        for (const auto& option : directive_.block) read_option(option);
        if (addresses_.empty()) return std::nullopt;
        write_keys();
        return std::move(forward_);
    }

private:
    void leave_out(const std::string& message, std::uint32_t line = 0) {
        draft_.leave_out(line == 0 ? directive_.line : line, config::excerpt(directive_.name()) + ": " + message);
    }

    void add_target(const std::string& text) {
        if (text.starts_with('/')) {
            return leave_out(config::excerpt(text) +
                             " means the nameservers that stand in it, which no section names: the settings "
                             "`usemasterupstream = true` and `masterupstream = system` take those of /etc/resolv.conf "
                             "for names without a section");
        }
        const auto target = parse_target(text);
        const std::string_view scheme = target ? std::string_view(target->scheme) : "";
        if (scheme != "dns" && scheme != "tls" && scheme != "https") {
            return leave_out(config::excerpt(text) + " is no server that dproxy can ask");
        }
        if (addresses_.empty()) scheme_ = target->scheme;
        if (!target->tls_name.empty() && tls_name_.empty() && addresses_.empty()) tls_name_ = target->tls_name;
        if (scheme_ != target->scheme || (!target->tls_name.empty() && tls_name_ != target->tls_name)) {
            return leave_out(config::excerpt(text) + " is left out: all servers of a section have the same `protocol` "
                             "and `tls_name`");
        }
        addresses_.push_back(target->upstream);
    }

    void read_option(const CorefileLine& option) {
        const std::string& name = option.words.front();
        const std::string value = option.words.size() > 1 ? option.words[1] : std::string();
        if (name == "except") {
            for (std::size_t i = 1; i < option.words.size(); ++i) {
                forward_.except.push_back(plain_name(option.words[i]));
            }
        } else if (name == "force_tcp") {
            tcp_ = true;
        } else if (name == "policy") {
            set_policy(value, option.line);
        } else if (name == "max_concurrent") {
            max_inflight_ = value;
        } else if (name == "max_fails" && value == "0") {
            no_health_ = true;
        } else if (name == "tls_servername") {
            tls_name_ = value;
        } else if (name == "tls" && option.words.size() <= 2) {
            tls_ca_ = value;
        } else if (name == "failover") {
            read_failover(option);
        } else {
            draft_.leave_out(option.line, no_counterpart(name, advice));
        }
    }

    void set_policy(const std::string& value, std::uint32_t line) {
        static constexpr std::pair<std::string_view, std::string_view> policies[] = {
            {"random", "random"}, {"round_robin", "round-robin"}, {"sequential", "first"}};
        const auto* found = std::find_if(std::begin(policies), std::end(policies),
                                         [&](const auto& policy) { return policy.first == value; });
        if (found != std::end(policies)) {
            policy_ = found->second;
        } else {
            leave_out("the policy " + config::excerpt(value) + " is not known", line);
        }
    }

    void read_failover(const CorefileLine& option) {
        for (std::size_t i = 1; i < option.words.size(); ++i) {
            bool is_known = false;
            for (const std::string_view rcode : {"servfail", "refused", "nxdomain"}) {
                if (!config::equal_words(option.words[i], rcode)) continue;
                fallback_.emplace_back(rcode);
                is_known = true;
            }
            if (!is_known) leave_out("`fallback_on` has no " + config::excerpt(option.words[i]), option.line);
        }
    }

    void write_keys() {
        const auto set = [&](std::string key, std::string value) {
            forward_.keys.emplace_back(std::move(key), std::move(value));
        };
        set("address", joined(addresses_));
        if (scheme_ != "dns") {
            set("protocol", scheme_);
            if (!tls_name_.empty()) set("tls_name", tls_name_);
            if (!tls_ca_.empty()) set("tls_ca", tls_ca_);
        } else if (tcp_) {
            set("protocol", "tcp");
        }
        if (addresses_.size() > 1) set("policy", policy_);
        if (!fallback_.empty()) set("fallback_on", joined(fallback_));
        if (!max_inflight_.empty()) set("max_inflight", max_inflight_);
        if (no_health_) set("health", "off");
    }

    const CorefileDirective& directive_;
    Draft& draft_;
    CorefileForward forward_;
    std::vector<std::string> addresses_;
    std::vector<std::string> fallback_;
    std::string scheme_ = "dns", tls_name_, tls_ca_, max_inflight_;
    std::string policy_ = "random";  ///< CoreDNS' default
    bool tcp_ = false, no_health_ = false;
};

}  // namespace

std::optional<CorefileForward> read_corefile_forward(const CorefileDirective& directive, Draft& draft) {
    return ForwardReader(directive, draft).read();
}

std::vector<std::string> read_corefile_acl(const CorefileDirective& directive, Draft& draft) {
    std::vector<std::string> networks;
    bool is_exact = directive.words.size() == 1 && !directive.block.empty();
    for (std::size_t i = 0; is_exact && i < directive.block.size(); ++i) {
        const auto& words = directive.block[i].words;
        const bool is_last = i + 1 == directive.block.size();
        if (is_last) {
            const bool blocks_all = words.size() == 1 || (words.size() == 3 && words[1] == "net" && words[2] == "*");
            is_exact = words[0] == "block" && blocks_all;
        } else {
            is_exact = words[0] == "allow" && words.size() > 2 && words[1] == "net";
            for (std::size_t at = 2; is_exact && at < words.size(); ++at) {
                is_exact = net::Network::parse(words[at]).has_value();
                networks.push_back(words[at]);
            }
        }
    }
    if (is_exact && !networks.empty()) return networks;
    draft.leave_out(directive.line, "`acl` has a counterpart, `allow`, only as `allow net NETWORK...` followed by "
                                    "`block`; everybody may use these sections");
    return {};
}

}  // namespace dproxy::foreign
