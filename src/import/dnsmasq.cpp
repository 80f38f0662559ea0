// SPDX-License-Identifier: MIT
// Options of dnsmasq(8), one a line. What several lines say of one domain is one thing: addresses that are added up,
// and servers that are asked for it. It is collected by domain, and written in the order in which domains come first.
#include "import/dnsmasq.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "import/caching.hpp"
#include "import/reverse_zones.hpp"
#include "import/upstream_text.hpp"
#include "ini/excerpt.hpp"
#include "net/address.hpp"
#include "net/keyed_hash.hpp"

namespace dproxy::foreign {
namespace {

constexpr Advice advice[] = {
    {"port", "the setting `port` says where dproxy listens"},
    {"listen-address", "the setting `listen` says where dproxy listens"},
    {"interface", "the setting `listen` says where dproxy listens"},
    {"except-interface", "the setting `listen` says where dproxy listens"},
    {"bind-interfaces", "the setting `listen` says where dproxy listens"},
    {"bind-dynamic", "the setting `listen` says where dproxy listens"},
    {"conf-file", "it is not followed; import the file by itself"},
    {"conf-dir", "it is not followed; import its files by themselves"},
    {"servers-file", "it is not followed; import the file by itself"},
    {"resolv-file", "the setting `masterupstream` names where names without a route go"},
    {"all-servers", "one upstream is asked, and the next when it is slow; `hedge` asks a second one early"},
    {"log-*", "the settings `loglevel` and `querylog`"},
    {"dhcp-*", "dproxy is no DHCP server"},
    {"enable-*", "dproxy answers DNS alone"},
    {"tftp-*", "dproxy answers DNS alone"},
    {"pxe-*", "dproxy answers DNS alone"},
    {"dns-forward-max", "the setting `max_inflight`"},
    {"cache-size", "the setting `cache_size`, in bytes; sections keep answers"},
    {"neg-ttl", "what is not there and has no SOA is not kept"},
    {"add-subnet", "`client_subnet = add` in a section"},
};

constexpr std::optional<std::uint32_t> one_day = 24 * 60 * 60;

/// What is said of a domain. The standard servers are those of the pattern `*`.
struct Domain {
    std::string pattern;
    std::uint32_t line = 0;
    std::vector<std::string> addresses_v4;
    std::vector<std::string> addresses_v6;
    bool zeros = false;     ///< `#`: 0.0.0.0 and ::, where there are no others
    bool none = false;      ///< no address and no server: the name does not exist
    bool standard = false;  ///< `#`: the standard servers
    std::vector<std::string> servers;

    bool has_addresses() const { return zeros || !addresses_v4.empty() || !addresses_v6.empty(); }
};

void add_new(std::vector<std::string>& list, std::string item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// The line without comment and quotes: `#` begins a comment at the start and after white space.
std::string plain_line(std::string_view line) {
    std::string plain;
    bool quoted = false, after_blank = true;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (c == '"') {
            quoted = !quoted;
        } else if (quoted && c == '\\' && at + 1 < line.size()) {
            plain += line[++at];
        } else if (!quoted && c == '#' && after_blank) {
            break;
        } else {
            plain += c;
        }
        after_blank = c == ' ' || c == '\t';
    }
    return plain;
}

class Reader {
public:
    explicit Reader(Draft& draft) : draft_(draft) {}

    void read(std::string_view text) {
        while (!text.empty()) {
            ++line_;
            const auto end = text.find('\n');
            const std::string line = plain_line(text.substr(0, end));
            if (const auto option = trimmed(line); !option.empty()) read_option(option);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
        write();
    }

private:
    void read_option(std::string_view option) {
        const auto [name, value] = cut_at(option, '=');
        const std::string_view key = trimmed(name), text = trimmed(value);
        if (key == "server" || key == "local") return read_server(text);
        if (key == "address") return read_address(text);
        if (key == "rev-server") return read_reverse(text);
        if (key == "no-resolv") {
            no_resolv_ = true;
        } else if (key == "strict-order") {
            strict_order_ = true;
        } else if (read_caching(key, text)) {
            return;
        } else if (key == "local-ttl") {
            local_ttl_ = text;
        } else {
            draft_.leave_out(line_, no_counterpart(key, advice));
        }
    }

    /// It keeps answers without being told to; here those of a file that says something of it are kept.
    bool read_caching(std::string_view key, std::string_view text) {
        if (key == "cache-size") {
            is_cache_off_ = text == "0";
            caching_.on = true;
            return is_cache_off_;
        }
        if (key == "min-cache-ttl") {
            caching_.least = cache_seconds(text, line_, draft_);
        } else if (key == "max-cache-ttl") {
            caching_.longest = cache_seconds(text, line_, draft_);
        } else if (key == "no-negcache") {
            caching_.negative = 0;
        } else if (key == "use-stale-cache") {
            // 0: for ever. The old answer is given at once, and asked again behind it.
            const auto seconds = text.empty() ? one_day : cache_seconds(text, line_, draft_);
            if (seconds == 0u) draft_.leave_out(line_, "`use-stale-cache` without an end; 7 days are taken");
            caching_.stale = seconds == 0u ? seven_days : seconds;
            caching_.stale_at_once = true;
        } else {
            return false;
        }
        caching_.on = true;
        return true;
    }

    /// `/a/b/REST`: the domains go to `take`, and the rest comes back. Without a slash all of it is the rest.
    template <typename Take>
    static std::string_view for_each_domain(std::string_view text, const Take& take) {
        if (!text.starts_with('/')) return text;
        text.remove_prefix(1);
        for (auto slash = text.find('/'); slash != std::string_view::npos; slash = text.find('/')) {
            take(text.substr(0, slash));
            text.remove_prefix(slash + 1);
        }
        return text;
    }

    /// The pattern of a domain as options write it, or nothing, and it was said why.
    std::optional<std::string> pattern_of(std::string_view domain, bool hash_is_all) {
        const bool has_star = domain.starts_with('*');
        if (domain == "*" || (domain == "#" && hash_is_all)) return "*";
        if (domain.empty()) {
            draft_.leave_out(line_, "`//` means names without a dot, which no pattern does");
            return std::nullopt;
        }
        if (has_star && !domain.starts_with("*.")) {
            draft_.leave_out(line_, config::excerpt(domain) +
                                        " matches parts of labels, which no pattern does; expected a whole domain");
            return std::nullopt;
        }
        if (has_star) return "*." + plain_name(domain.substr(2));
        domain.remove_prefix(std::min(domain.find_first_not_of('.'), domain.size()));
        return zone_pattern(domain);
    }

    Domain& domain(std::string pattern) {
        const auto [at, is_new] = index_.try_emplace(pattern, domains_.size());
        if (is_new) {
            domains_.emplace_back();
            domains_.back().pattern = std::move(pattern);
            domains_.back().line = line_;
        }
        return domains_[at->second];
    }

    std::vector<std::string> patterns_of(std::string_view text, bool hash_is_all, std::string_view& rest) {
        std::vector<std::string> patterns;
        rest = for_each_domain(text, [&](std::string_view word) {
            if (auto pattern = pattern_of(word, hash_is_all)) patterns.push_back(std::move(*pattern));
        });
        if (!text.starts_with('/')) patterns.push_back("*");
        return patterns;
    }

    void read_server(std::string_view text) {
        std::string_view rest;
        const auto patterns = patterns_of(text, false, rest);
        if (!text.starts_with('/') && (rest.empty() || rest == "#")) {
            return draft_.leave_out(line_, "an address is missing, as in server=192.0.2.1");
        }
        take_server(patterns, rest);
    }

    void take_server(const std::vector<std::string>& patterns, std::string_view text) {
        if (text.empty() || text == "#") {
            for (const auto& pattern : patterns) {
                Domain& it = domain(pattern);
                (text.empty() ? it.none : it.standard) = true;
            }
            return;
        }
        const auto [address, source] = cut_at(text, '@');
        const auto [host, port] = cut_at(address, '#');
        const auto upstream = upstream_text(host, port);
        if (!upstream) return draft_.leave_out(line_, config::excerpt(text) + " is no server; expected IP, or IP#port");
        if (!source.empty()) {
            draft_.leave_out(line_, "the source " + config::excerpt(source) + " of queries is left out: the system "
                                    "chooses the address and the interface");
        }
        for (const auto& pattern : patterns) add_new(domain(pattern).servers, *upstream);
    }

    void read_address(std::string_view text) {
        std::string_view rest;
        const auto patterns = patterns_of(text, true, rest);
        if (!text.starts_with('/')) return draft_.leave_out(line_, "expected a domain, as in address=/example.com/");
        const auto address = net::Address::parse(rest);
        if (!address && !rest.empty() && rest != "#") {
            return draft_.leave_out(line_, config::excerpt(rest) + " is no address");
        }
        for (const auto& pattern : patterns) {
            Domain& it = domain(pattern);
            if (rest == "#") it.zeros = true;
            if (rest.empty()) it.none = true;
            if (address) add_new(address->is_v4() ? it.addresses_v4 : it.addresses_v6, address->to_string());
        }
    }

    void read_reverse(std::string_view text) {
        const auto [network, server] = cut_at(text, ',');
        std::string written(network);
        if (network.find('/') == std::string_view::npos) {
            written += network.find(':') == std::string_view::npos ? "/32" : "/128";
        }
        std::vector<std::string> patterns;
        for (const auto& zone : reverse_zones(written)) patterns.push_back("." + zone);
        if (patterns.empty()) return draft_.leave_out(line_, config::excerpt(network) + " is no network");
        take_server(patterns, server);
    }

    void write() {
        if (is_cache_off_) caching_.on = false;
        const auto standard = index_.find("*");
        if (standard != index_.end()) standard_ = domains_[standard->second].servers;
        for (const Domain& it : domains_) write_domain(it);
        if (caching_.on && standard_.empty()) {
            draft_.leave_out(0, "`cache` stands here in sections; there is none for names without a route, of which no "
                                "answers are kept");
        }
        if (!no_resolv_) {
            draft_.leave_out(0, standard_.empty()
                                    ? "without `no-resolv` names without a route go to the nameservers of "
                                      "/etc/resolv.conf: the settings `usemasterupstream = true` and "
                                      "`masterupstream = system`"
                                    : "without `no-resolv` the nameservers of /etc/resolv.conf are asked as well as "
                                      "the servers named here");
        }
    }

    /// An address of one family answers for its type alone; for other types the search goes on, at the same domain and
    /// then above. With `local` beside it, other types are answered that there is nothing.
    void write_domain(const Domain& it) {
        Section section{it.line, {name_of(it)}, {}};
        if (it.has_addresses()) {
            auto addresses = it.addresses_v4;
            if (it.zeros && it.addresses_v4.empty()) addresses.emplace_back("0.0.0.0");
            const bool has_v4 = !addresses.empty();
            addresses.insert(addresses.end(), it.addresses_v6.begin(), it.addresses_v6.end());
            if (it.zeros && it.addresses_v6.empty()) addresses.emplace_back("::");
            const bool has_v6 = !it.addresses_v6.empty() || it.zeros;
            Section answer = section;
            answer.set("answer", joined(addresses));
            answer.set("ttl", local_ttl_ + "s");
            if (!it.none) answer.set("types", has_v4 && has_v6 ? "A, AAAA" : has_v4 ? "A" : "AAAA");
            draft_.add(std::move(answer));
            if (it.none) return;
        }
        if (it.none) {
            section.set("answer", "nxdomain");
            return draft_.add(std::move(section));
        }
        const auto& servers = it.standard ? standard_ : it.servers;
        if (servers.empty() && it.standard) {
            draft_.leave_out(it.line, "`#` means the nameservers of /etc/resolv.conf, which no section names");
        }
        if (servers.empty()) return;
        section.set("address", joined(servers));
        if (strict_order_ && servers.size() > 1) section.set("policy", "first");
        caching_.write(section);
        draft_.add(std::move(section));
    }

    /// Where another option takes all below, what is left of `.x` is the name itself.
    std::string name_of(const Domain& it) const {
        const bool is_both = it.pattern.starts_with('.');
        return is_both && index_.contains("*" + it.pattern) ? it.pattern.substr(1) : it.pattern;
    }

    Draft& draft_;
    std::uint32_t line_ = 0;
    std::vector<Domain> domains_;
    std::unordered_map<std::string, std::size_t, net::TextHash, std::equal_to<>> index_;
    std::vector<std::string> standard_;
    std::string local_ttl_ = "0";
    Caching caching_;
    bool is_cache_off_ = false;
    bool no_resolv_ = false;
    bool strict_order_ = false;
};

}  // namespace

void read_dnsmasq(std::string_view text, Draft& draft) { Reader(draft).read(text); }

}  // namespace dproxy::foreign
