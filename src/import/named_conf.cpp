// SPDX-License-Identifier: MIT
// named.conf(5): zones that are forwarded, the forwarders of all other names, and views, which are sections for some
// clients. A client of a view sees no zone of another one: a later view's zone is therefore written for it as well,
// with what its own view says for such names.
#include "import/named_conf.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "import/caching.hpp"
#include "import/named_conf_cache.hpp"
#include "import/named_conf_clients.hpp"
#include "import/named_conf_statements.hpp"
#include "import/upstream_text.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "net/address.hpp"
#include "net/keyed_hash.hpp"

namespace dproxy::foreign {
namespace {

/// Each has to know the zones of all that come after it.
constexpr std::size_t max_views = 64;

constexpr Advice advice[] = {
    {"include", "it is not followed; import the file by itself"},
    {"listen-on*", "the setting `listen` says where dproxy listens"},
    {"port", "the setting `port` says where dproxy listens"},
    {"recursion", "dproxy is no resolver"},
    {"dnssec-*", "dproxy validates nothing; the servers behind it may"},
    {"trust-anchors", "dproxy validates nothing; the servers behind it may"},
    {"managed-keys", "dproxy validates nothing; the servers behind it may"},
    {"max-cache-size", "the setting `cache_size`"},
    {"min-ncache-ttl", "`cache_ttl` has one least time for all"},
    {"stale-answer-ttl", "old answers are given with a TTL of 30 s"},
    {"stale-refresh-time", "after 30 s the upstreams are asked again"},
    {"prefetch", "`cache_prefetch` asks in the last tenth of the TTL, whatever that is"},
    {"allow-transfer", "zone transfers are relayed, and the nameserver decides"},
    {"logging", "the settings `loglevel` and `querylog`"},
    {"querylog", "the settings `loglevel` and `querylog`"},
    {"statistics-channels", "the HTTP side: the setting `admin`"},
    {"rate-limit", "the setting `ratelimit`"},
    {"response-policy", "dproxy does not look into answers"},
};

using Keys = std::vector<std::pair<std::string, std::string>>;
using Upstreams = std::vector<std::string>;

/// What names below a view, or below `options`, have in common.
struct Scope {
    std::uint32_t line = 0;
    std::string name;
    std::vector<std::string> clients;  ///< networks; empty: all
    Keys keys;                         ///< `allow`
    Caching caching{};
    std::vector<Section> sections;
    std::vector<std::string> zones;  ///< of each section
    std::unordered_map<std::string, std::size_t, net::TextHash, std::equal_to<>> index;  ///< by zone

    void add(std::string_view zone, Section section) {
        zones.push_back(plain_name(zone));
        index.try_emplace(zones.back(), sections.size());
        sections.push_back(std::move(section));
    }
    /// The section of the closest zone at or above this one; null where there is none.
    const Section* closest(std::string_view zone) const {
        while (true) {
            if (const auto found = index.find(zone); found != index.end()) return &sections[found->second];
            if (zone.empty()) return nullptr;
            const auto dot = zone.find('.');
            zone = dot == std::string_view::npos ? std::string_view{} : zone.substr(dot + 1);
        }
    }
};

class Reader {
public:
    explicit Reader(Draft& draft) : draft_(draft) {}

    void read(std::string_view text) {
        const auto statements = read_named_statements(text, draft_);
        for (const auto& statement : statements) {
            if (statement.name() == "acl") acls_.add(statement);
            if (statement.name() == "tls") tls_.insert_or_assign(std::string(statement.word(1)), statement);
            if (statement.name() == "options") options_ = &statement;
        }
        Scope all = scope_of(options_, 0);
        std::vector<Scope> views;
        for (const auto& statement : statements) {
            if (statement.name() == "view") {
                add_view(statement, all, views);
            } else if (statement.name() == "zone") {
                read_zone(statement, all);
            } else if (statement.name() != "options" && statement.name() != "acl" && statement.name() != "tls") {
                leave_out(statement);
            }
        }
        if (views.empty()) views.push_back(std::move(all));
        write(views);
    }

private:
    void leave_out(const NamedStatement& statement) {
        draft_.leave_out(statement.line, no_counterpart(statement.name(), advice));
    }

    /// `options` or a view: forwarders of all names, and who may ask.
    Scope scope_of(const NamedStatement* statement, std::uint32_t line) {
        Scope scope;
        scope.line = line;
        if (statement == nullptr) return scope;
        for (const auto& one : statement->block) {
            static constexpr std::string_view known[] = {"forwarders", "forward", "allow-query", "allow-recursion",
                                                         "match-clients", "zone", "acl"};
            const bool is_known = std::find(std::begin(known), std::end(known), one.name()) != std::end(known);
            if (!is_known && !is_of_cache(one.name())) leave_out(one);
        }
        scope.caching = read_named_cache(*statement, draft_);
        if (const auto* allowed = statement->find("allow-recursion")) {
            set_allowed(*allowed, scope);
        } else if (const auto* asking = statement->find("allow-query")) {
            set_allowed(*asking, scope);
        }
        if (const auto* forwarders = statement->find("forwarders")) {
            add_forwarded(".", *forwarders, statement->find("forward"), scope);
        }
        return scope;
    }

    void set_allowed(const NamedStatement& list, Scope& scope) {
        auto clients = acls_.clients_of(list);
        tell_unknown(list, clients);
        if (clients.everybody) return;
        if (clients.networks.empty()) {
            draft_.leave_out(list.line, "nobody is left of this list; loopback addresses are taken");
            clients.networks = {"127.0.0.0/8", "::1"};
        }
        scope.keys = {{"allow", joined(clients.networks)}};
    }

    void tell_unknown(const NamedStatement& list, const ClientList& clients) {
        for (const auto& part : clients.unknown) {
            draft_.leave_out(list.line, config::excerpt(list.name()) + ": " + config::excerpt(part) +
                                            " is left out; expected networks, or `acl`s of networks");
        }
    }

    struct Forwarder {
        std::string upstream;
        std::string tls;
    };

    /// `[port N] [tls NAME]` behind an address or the word `forwarders`.
    static void read_options(const NamedStatement& statement, std::string_view& port, std::string_view& tls) {
        for (std::size_t i = 1; i + 1 < statement.words.size(); ++i) {
            if (statement.words[i] == "port") port = statement.words[i + 1];
            if (statement.words[i] == "tls") tls = statement.words[i + 1];
        }
    }

    std::vector<Forwarder> forwarders_of(const NamedStatement& list) {
        std::string_view common_port, common_tls;
        read_options(list, common_port, common_tls);
        std::vector<Forwarder> forwarders;
        for (const auto& one : list.block) {
            std::string_view port = common_port, tls = common_tls;
            read_options(one, port, tls);
            const auto upstream = upstream_text(one.name(), port);
            if (!upstream) {
                draft_.leave_out(one.line, config::excerpt(one.name()) + " is no address");
            } else if (!forwarders.empty() && forwarders.front().tls != tls) {
                draft_.leave_out(one.line, config::excerpt(one.name()) + " is left out: all servers of a section have "
                                                                         "the same `protocol` and `tls_name`");
            } else {
                forwarders.push_back({*upstream, std::string(tls)});
            }
        }
        return forwarders;
    }

    void add_forwarded(std::string_view zone, const NamedStatement& list, const NamedStatement* policy, Scope& scope) {
        const auto forwarders = forwarders_of(list);
        if (forwarders.empty()) {
            return draft_.leave_out(list.line, "no server is named for " + config::excerpt(zone) +
                                                   ", so that BIND resolves it; dproxy is no resolver");
        }
        if (policy == nullptr || policy->word(1) != "only") {
            draft_.leave_out(policy == nullptr ? list.line : policy->line,
                             "`forward first`: when these servers fail, nobody else is asked; dproxy is no resolver");
        }
        Section section{list.line, {zone_pattern(zone)}, scope.keys};
        Upstreams upstreams;
        for (const auto& forwarder : forwarders) upstreams.push_back(forwarder.upstream);
        section.set("address", joined(upstreams));
        if (!forwarders.front().tls.empty()) set_tls(forwarders.front().tls, section);
        scope.caching.write(section);
        scope.add(zone, std::move(section));
    }

    /// Without a name or authorities in its `tls` statement BIND verifies nothing.
    void set_tls(const std::string& name, Section& section) {
        section.set("protocol", "tls");
        const auto found = tls_.find(name);
        const auto* host = found == tls_.end() ? nullptr : found->second.find("remote-hostname");
        const auto* authorities = found == tls_.end() ? nullptr : found->second.find("ca-file");
        if (host != nullptr) section.set("tls_name", std::string(host->word(1)));
        if (authorities != nullptr) section.set("tls_ca", std::string(authorities->word(1)));
        if (host == nullptr && authorities == nullptr) section.set("tls_verify", "off");
    }

    void read_zone(const NamedStatement& zone, Scope& scope) {
        const auto* kind = zone.find("type");
        const std::string_view type = kind == nullptr ? std::string_view{} : kind->word(1);
        const auto* forwarders = zone.find("forwarders");
        if (type == "forward" && forwarders != nullptr) {
            return add_forwarded(zone.word(1), *forwarders, zone.find("forward"), scope);
        }
        if (type == "static-stub") return add_static_stub(zone, scope);
        const std::string name = "the zone " + config::excerpt(zone.word(1));
        if (type == "forward") {
            draft_.leave_out(zone.line, name + " names no server, so that BIND resolves it; dproxy is no resolver");
        } else if (type == "hint") {
            draft_.leave_out(zone.line, name + " names the servers of the root; dproxy is no resolver");
        } else {
            draft_.leave_out(zone.line, name + " of type " + config::excerpt(type) +
                                            " is left out: dproxy has no zones of its own; run a nameserver behind it "
                                            "and give the zone a section");
        }
    }

    void add_static_stub(const NamedStatement& zone, Scope& scope) {
        Upstreams upstreams;
        for (const std::string_view list : {"server-addresses", "server-names"}) {
            const auto* servers = zone.find(list);
            if (servers == nullptr) continue;
            for (const auto& one : servers->block) {
                if (const auto upstream = upstream_text(one.name(), "")) upstreams.push_back(*upstream);
            }
        }
        if (upstreams.empty()) return draft_.leave_out(zone.line, "the `static-stub` names no server");
        Section section{zone.line, {zone_pattern(zone.word(1))}, scope.keys};
        section.set("address", joined(upstreams));
        scope.caching.write(section);
        scope.add(zone.word(1), std::move(section));
    }

    /// Clients belong to the first view that has them.
    void add_view(const NamedStatement& statement, const Scope& all, std::vector<Scope>& views) {
        const std::string name = "the view " + config::excerpt(statement.word(1));
        const auto* match = statement.find("match-clients");
        ClientList clients;
        clients.everybody = match == nullptr;
        if (match != nullptr) clients = acls_.clients_of(*match);
        const bool is_shadowed = !views.empty() && views.back().clients.empty();
        if (is_shadowed || views.size() == max_views) {
            return draft_.leave_out(statement.line, name + " is left out: " +
                                                        (is_shadowed ? "a view before it takes all clients"
                                                                     : "there are too many"));
        }
        if (match != nullptr) tell_unknown(*match, clients);
        if (!clients.everybody) drop_taken(statement, views, clients);
        if (!clients.everybody && clients.networks.empty()) {
            return draft_.leave_out(statement.line, name + " is left out: no network is known that it is for");
        }
        Scope scope = scope_of(&statement, statement.line);
        scope.name = statement.word(1);
        if (!clients.everybody) scope.clients = clients.networks;
        if (scope.keys.empty()) scope.keys = all.keys;
        if (!scope.caching.on) scope.caching = all.caching;
        if (const auto* root = all.closest(""); root != nullptr && !scope.index.contains("")) scope.add(".", *root);
        for (const auto& one : statement.block) {
            if (one.name() == "zone") read_zone(one, scope);
        }
        views.push_back(std::move(scope));
    }

    void drop_taken(const NamedStatement& statement, const std::vector<Scope>& views, ClientList& clients) {
        std::erase_if(clients.networks, [&](const std::string& text) {
            const auto network = *net::Network::parse(text);
            const bool is_taken = std::any_of(views.begin(), views.end(), [&](const Scope& view) {
                return std::any_of(view.clients.begin(), view.clients.end(), [&](const std::string& other_text) {
                    return net::Network::parse(other_text)->holds(network);
                });
            });
            if (is_taken) {
                draft_.leave_out(statement.line, "the clients " + text + " belong to a view before this one");
            }
            return is_taken;
        });
    }

    void write(std::vector<Scope>& scopes) {
        for (std::size_t i = 0; i < scopes.size(); ++i) {
            Scope& scope = scopes[i];
            for (std::size_t later = i + 1; later < scopes.size(); ++later) complete(scope, scopes[later]);
            if (scope.caching.on && scope.sections.empty()) {
                draft_.leave_out(scope.line, "`cache` stands here in sections with `address`, and there is none");
            }
            for (Section& section : scope.sections) {
                if (!scope.clients.empty()) section.set("clients", joined(scope.clients));
                draft_.add(std::move(section));
            }
        }
    }

    /// Zones of a later view, as clients of this one see them.
    void complete(Scope& scope, const Scope& later) {
        for (std::size_t at = 0; at < later.zones.size(); ++at) {
            const std::string& zone = later.zones[at];
            if (scope.index.contains(zone)) continue;
            const Section* own = scope.closest(zone);
            if (own == nullptr) {
                draft_.leave_out(later.sections[at].line, "clients of the view " + config::excerpt(scope.name) +
                                                              " do not see the zone " + config::excerpt(zone) +
                                                              "; here they do");
            } else {
                scope.add(zone, {scope.line, {zone_pattern(zone)}, own->keys});
            }
        }
    }

    Draft& draft_;
    NamedAcls acls_;
    std::map<std::string, NamedStatement, std::less<>> tls_;
    const NamedStatement* options_ = nullptr;
};

}  // namespace

void read_named_conf(std::string_view text, Draft& draft) { Reader(draft).read(text); }

}  // namespace dproxy::foreign
