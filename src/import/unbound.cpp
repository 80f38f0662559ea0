// SPDX-License-Identifier: MIT
// unbound.conf(5): zones that are forwarded, what is answered locally, and who may ask.
#include "import/unbound.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "import/caching.hpp"
#include "import/unbound_local.hpp"
#include "import/unbound_statements.hpp"
#include "import/upstream_text.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "net/address.hpp"

namespace dproxy::foreign {
namespace {

constexpr Advice advice[] = {
    {"port", "the setting `port` says where dproxy listens"},
    {"interface", "the setting `listen` says where dproxy listens"},
    {"ip-address", "the setting `listen` says where dproxy listens"},
    {"include*", "it is not followed; import the file by itself"},
    {"auth-zone", "dproxy has no zones of its own; run a nameserver behind it and give it a section"},
    {"rpz", "dproxy does not look into answers"},
    {"local-data-ptr", "`answer` gives addresses and no other records"},
    {"msg-cache*", "the setting `cache_size`"},
    {"rrset-cache*", "the setting `cache_size`"},
    {"serve-expired-reply-ttl", "old answers are given with a TTL of 30 s"},
    {"num-threads", "the setting `workers`"},
    {"verbosity", "the setting `loglevel`"},
    {"log-*", "the settings `loglevel` and `querylog`"},
    {"remote-control", "the HTTP side: the setting `admin`"},
    {"root-hints", "dproxy is no resolver"},
    {"auto-trust-anchor-file", "dproxy validates nothing; the servers behind it may"},
    {"trust-anchor*", "dproxy validates nothing; the servers behind it may"},
    {"module-config", "dproxy is no resolver"},
    {"outgoing-interface", "the system chooses the address that queries leave from"},
};

// What unbound goes by where nothing is said, in seconds.
constexpr std::uint32_t own_negative = 3600;
constexpr std::uint32_t own_stale = 24 * 60 * 60;
constexpr std::uint32_t ten_seconds_ms = 10'000;  ///< a route's limit

using Keys = std::vector<std::pair<std::string, std::string>>;

bool is_yes(const UnboundStatement& statement) {
    return !statement.values.empty() && config::equal_words(statement.values.front(), "yes");
}

class Reader {
public:
    explicit Reader(Draft& draft) : draft_(draft) {}

    void read(std::string_view text) {
        UnboundStatements statements(text);
        for (UnboundStatement statement; statements.next(statement);) {
            if (statement.opens_clause()) {
                open(statement);
            } else if (statement.key.starts_with("include")) {
                leave_out(statement);
            } else if (!is_passed_over_) {
                read_statement(statement);
            }
        }
        write();
    }

private:
    struct Upstream {
        std::uint32_t line = 0;
        std::string text;
        std::string tls_name;
    };
    struct Zone {
        std::uint32_t line = 0;
        bool is_stub = false;
        std::optional<std::string> name;
        std::vector<Upstream> upstreams;
        bool tls = false, tcp = false;
        bool no_cache = false;
    };
    struct View {
        std::uint32_t line = 0;
        std::string name;
        bool first = false;
        UnboundLocal local;
        std::vector<std::string> clients;
    };

    void leave_out(const UnboundStatement& statement) {
        draft_.leave_out(statement.line, no_counterpart(statement.first_word(), advice));
    }

    void open(const UnboundStatement& statement) {
        clause_ = statement.key;
        is_passed_over_ = false;
        if (clause_ == "forward-zone" || clause_ == "stub-zone") {
            zones_.push_back({statement.line, clause_ == "stub-zone", {}, {}, false, false, false});
        } else if (clause_ == "view") {
            views_.push_back({statement.line, {}, false, {}, {}});
        } else if (clause_ != "server") {
            is_passed_over_ = true;
            leave_out(statement);
        }
    }

    void read_statement(const UnboundStatement& statement) {
        if (statement.values.empty() || statement.key.empty() || clause_.empty()) {
            return draft_.leave_out(statement.line,
                                    config::excerpt(statement.first_word()) +
                                        " stands where no value or no clause is; expected `server:` and `key: value`");
        }
        if (clause_ == "server") return read_server(statement);
        if (clause_ == "view") return read_view(statement);
        read_zone(statement, zones_.back());
    }

    bool read_local(const UnboundStatement& statement, UnboundLocal& local) {
        if (statement.key == "local-zone" && statement.values.size() == 2) {
            local.add_zone(statement.line, statement.values[0], statement.values[1], draft_);
        } else if (statement.key == "local-data") {
            local.add_data(statement.line, statement.values[0], draft_);
        } else {
            return false;
        }
        return true;
    }

    void read_server(const UnboundStatement& statement) {
        const std::string& key = statement.key;
        if (read_local(statement, local_)) return;
        if (key == "tls-upstream" || key == "ssl-upstream") {
            tls_ = is_yes(statement);
        } else if (key == "tcp-upstream") {
            tcp_ = is_yes(statement);
        } else if (read_caching(statement)) {
            return;
        } else if (key == "access-control" && statement.values.size() == 2) {
            read_access(statement);
        } else if (key == "access-control-view" && statement.values.size() == 2) {
            view_clients_.push_back(statement);
        } else {
            leave_out(statement);
        }
    }

    /// unbound keeps answers without being told to; here those of a file that says something of it are kept.
    bool read_caching(const UnboundStatement& statement) {
        const std::string& key = statement.key;
        const auto seconds = [&] { return cache_seconds(statement.values[0], statement.line, draft_); };
        if (key == "cache-max-ttl") {
            caching_.longest = seconds();
        } else if (key == "cache-min-ttl") {
            caching_.least = seconds();
        } else if (key == "cache-max-negative-ttl") {
            caching_.negative = seconds();
        } else if (key == "serve-expired-ttl") {
            stale_ = seconds();
        } else if (key == "serve-expired-client-timeout") {
            read_stale_after(statement);
        } else if (key == "prefetch" || key == "serve-expired") {
            if (!is_yes(statement)) return true;
            (key == "prefetch" ? prefetch_ : serves_expired_) = true;
        } else {
            return false;
        }
        caching_.on = true;
        return true;
    }

    void read_stale_after(const UnboundStatement& statement) {
        const auto milliseconds = cache_seconds(statement.values[0], statement.line, draft_);
        caching_.stale_after_ms = std::min(milliseconds.value_or(0), ten_seconds_ms);
        if (milliseconds.value_or(0) > ten_seconds_ms) {
            draft_.leave_out(statement.line, "`cache_stale_after` is 10 s at most, which are taken");
        }
    }

    void complete_caching() {
        if (!caching_.negative) caching_.negative = own_negative;
        const auto stale = stale_.value_or(own_stale);
        if (serves_expired_) caching_.stale = stale == 0 ? seven_days : stale;  // 0: for ever
        if (prefetch_) caching_.prefetch = 1;
    }

    /// Networks that may ask, and the rest refused, is what `allow` says; a refusal within an allowed network is not.
    void read_access(const UnboundStatement& statement) {
        const auto network = net::Network::parse(statement.values[0]);
        const std::string& action = statement.values[1];
        const bool is_all = network && (statement.values[0].ends_with("/0"));
        if (network && action == "allow") {
            allowed_.push_back(statement.values[0]);
            allows_v4_ = allows_v4_ || (is_all && network->base.is_v4());
            allows_v6_ = allows_v6_ || (is_all && !network->base.is_v4());
        } else if (!is_all || action != "refuse") {
            draft_.leave_out(statement.line, "`access-control` " + config::excerpt(statement.values[0]) + " " +
                                                 config::excerpt(action) + ": `allow` names networks that may ask, "
                                                 "and all others are refused");
        }
    }

    void read_view(const UnboundStatement& statement) {
        View& view = views_.back();
        if (statement.key == "name") {
            view.name = statement.values[0];
        } else if (statement.key == "view-first") {
            view.first = is_yes(statement);
        } else if (!read_local(statement, view.local)) {
            leave_out(statement);
        }
    }

    void read_zone(const UnboundStatement& statement, Zone& zone) {
        const std::string_view prefix = zone.is_stub ? "stub-" : "forward-";
        std::string_view key = statement.key;
        if (key == "name") {
            zone.name = statement.values[0];
            return;
        }
        if (!key.starts_with(prefix)) return leave_out(statement);
        key.remove_prefix(prefix.size());
        if (key == "addr" || key == "host") {
            read_upstream(statement, zone);
        } else if (key == "tls-upstream" || key == "ssl-upstream") {
            zone.tls = is_yes(statement);
        } else if (key == "tcp-upstream") {
            zone.tcp = is_yes(statement);
        } else if (key == "first" && is_yes(statement)) {
            draft_.leave_out(statement.line, config::excerpt(statement.key) +
                                                 ": when these servers fail, nobody else is asked; dproxy is no "
                                                 "resolver");
        } else if (key == "no-cache" && is_yes(statement)) {
            zone.no_cache = true;
        } else if (is_yes(statement) || (key != "first" && key != "no-cache" && key != "prime")) {
            leave_out(statement);
        }
    }

    /// `ADDRESS@PORT#NAME`
    void read_upstream(const UnboundStatement& statement, Zone& zone) {
        const auto [address, name] = cut_at(statement.values[0], '#');
        const auto [host, port] = cut_at(address, '@');
        if (auto text = upstream_text(host, port)) {
            zone.upstreams.push_back({statement.line, std::move(*text), std::string(name)});
        } else {
            draft_.leave_out(statement.line, config::excerpt(statement.values[0]) +
                                                 " is no server; expected IP, IP@port or IP@port#name");
        }
    }

    Keys common_keys() const {
        Keys keys;
        if (allowed_.empty() || (allows_v4_ && allows_v6_)) return keys;
        auto networks = allowed_;
        for (const char* own : {"127.0.0.0/8", "::1"}) {  // unbound's own default
            if (std::find(networks.begin(), networks.end(), own) == networks.end()) networks.emplace_back(own);
        }
        keys.emplace_back("allow", joined(networks));
        return keys;
    }

    void write() {
        complete_caching();
        const Keys keys = common_keys();
        local_.write(keys, draft_);
        write_views(keys);
        for (const Zone& zone : zones_) write_zone(zone, keys);
        if (caching_.on && zones_.empty()) {
            draft_.leave_out(0, "`cache` stands here in sections with `address`, and there is none");
        }
    }

    void write_views(const Keys& keys) {
        std::map<std::string, View*, std::less<>> by_name;
        for (View& view : views_) by_name.emplace(view.name, &view);
        for (const auto& statement : view_clients_) {
            const auto view = by_name.find(statement.values[1]);
            if (view == by_name.end()) {
                draft_.leave_out(statement.line,
                                 "there is no `view` " + config::excerpt(statement.values[1]) + " here");
            } else {
                view->second->clients.push_back(statement.values[0]);
            }
        }
        for (const View& view : views_) {
            if (view.clients.empty()) {
                draft_.leave_out(view.line, "the `view` " + config::excerpt(view.name) +
                                                " has no clients here (`access-control-view`); it is left out");
                continue;
            }
            if (!view.first && !local_.empty()) {
                draft_.leave_out(view.line, "without `view-first: yes` clients of the `view` " +
                                                config::excerpt(view.name) +
                                                " do not see the local zones of `server:`; here they do");
            }
            Keys own = keys;
            own.emplace_back("clients", joined(view.clients));
            view.local.write(own, draft_);
        }
    }

    void write_zone(const Zone& zone, Keys keys) {
        if (!zone.name) return draft_.leave_out(zone.line, "the zone has no `name`; it is left out");
        if (zone.upstreams.empty()) {
            return draft_.leave_out(zone.line, "the zone " + config::excerpt(*zone.name) +
                                                   " names no server, so that unbound resolves it; dproxy is no "
                                                   "resolver");
        }
        Section section{zone.line, {zone_pattern(*zone.name)}, std::move(keys)};
        const bool encrypted = zone.tls || tls_;
        const std::string& tls_name = zone.upstreams.front().tls_name;
        std::vector<std::string> addresses;
        for (const Upstream& upstream : zone.upstreams) {
            if (!encrypted || upstream.tls_name == tls_name) {
                addresses.push_back(upstream.text);
            } else {
                draft_.leave_out(upstream.line, "a section has one `tls_name`, here " + config::excerpt(tls_name) +
                                                    "; the server " + config::excerpt(upstream.text) + " is left out");
            }
        }
        section.set("address", joined(addresses));
        if (encrypted) {
            section.set("protocol", "tls");
            // Without a name behind `#` unbound verifies nothing.
            section.set(tls_name.empty() ? "tls_verify" : "tls_name", tls_name.empty() ? "off" : tls_name);
        } else if (zone.tcp || tcp_) {
            section.set("protocol", "tcp");
        }
        if (!zone.no_cache) caching_.write(section);
        draft_.add(std::move(section));
    }

    Draft& draft_;
    std::string clause_;
    bool is_passed_over_ = false;
    UnboundLocal local_;
    std::vector<Zone> zones_;
    std::vector<View> views_;
    std::vector<UnboundStatement> view_clients_;
    std::vector<std::string> allowed_;
    bool allows_v4_ = false, allows_v6_ = false;
    bool tls_ = false, tcp_ = false;
    Caching caching_;
    std::optional<std::uint32_t> stale_;
    bool serves_expired_ = false, prefetch_ = false;
};

}  // namespace

void read_unbound(std::string_view text, Draft& draft) { Reader(draft).read(text); }

}  // namespace dproxy::foreign
