// SPDX-License-Identifier: MIT
// Server blocks of a Corefile. A zone holds all names below it, and the block of the most specific zone takes a name
// whole: what that block forwards nowhere is answered by its other plugins or by an error, not by the next block.
#include "import/corefile.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "import/corefile_blocks.hpp"
#include "import/corefile_cache.hpp"
#include "import/corefile_forward.hpp"
#include "import/corefile_view.hpp"
#include "import/reverse_zones.hpp"
#include "import/upstream_text.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::foreign {
namespace {

/// A block's zones, times its `forward`s, times these and the names that they except: each is compared with each.
constexpr std::size_t max_block_comparisons = 10'000'000;

/// Blocks of one zone, of which each is compared with those above it.
constexpr std::size_t max_zone_views = 64;

/// Plugins that dproxy is like by itself: nothing is lost without them.
constexpr std::string_view built_in[] = {"errors", "health", "ready", "prometheus", "loop", "reload"};
/// Plugins that only look on, or change what others answer.
constexpr std::string_view without_answers[] = {
    "bind",     "bufsize", "cancel", "debug",    "dnssec", "dnstap", "header", "loadbalance", "log",
    "metadata", "minimal", "nsid",  "pprof",  "rewrite", "root",   "timeouts", "tls",  "trace",       "tsig"};
constexpr Advice advice[] = {
    {"bind", "the setting `listen` says where dproxy listens"},
    {"log", "the setting `querylog`"},
    {"rewrite", "messages are relayed as they are"},
    {"loadbalance", "messages are relayed as they are"},
    {"kubernetes", "give the zone a section with the address of the cluster's DNS service"},
    {"tls", "dproxy listens by UDP and TCP"},
};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

struct Zone {
    std::string name;  ///< as plain_name() has it
    std::string port;  ///< empty: 53
};

/// `example.com`, `dns://example.com:1053`, `10.0.0.0/24`.
std::vector<Zone> zones_of(std::string_view key) {
    if (const auto scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
    std::string_view port;
    const auto colon = key.rfind(':');
    const bool is_v6_network = key.find('/') != std::string_view::npos && key.find(':') != colon;
    if (colon != std::string_view::npos && !is_v6_network) {
        port = key.substr(colon + 1);
        key = key.substr(0, colon);
    }
    if (port == "53") port = {};
    std::vector<Zone> zones;
    for (auto& zone : reverse_zones(key)) zones.push_back({std::move(zone), std::string(port)});
    if (zones.empty()) zones.push_back({plain_name(key), std::string(port)});
    return zones;
}

class Reader {
public:
    explicit Reader(Draft& draft) : draft_(draft) {}

    void read(std::string_view text) {
        const auto blocks = read_corefile_blocks(text, draft_);
        for (const auto& block : blocks) read_block(block);
        if (ports_.size() == 1 && !ports_.begin()->empty()) {
            draft_.leave_out(0, "the setting " + config::excerpt("port = " + *ports_.begin()) +
                                    " says where dproxy listens");
        }
    }

private:
    void read_block(const CorefileBlock& block) {
        zones_.clear();
        forwards_.clear();
        others_.clear();
        keys_.clear();
        excepted_.clear();
        cache_ = {};
        is_cache_used_ = false;
        cache_line_ = 0;
        if (!read_views(block)) return;
        for (const auto& key : block.keys) {
            for (auto& zone : zones_of(key)) add_zone(block, std::move(zone));
        }
        for (const auto& directive : block.directives) read_directive(directive);
        std::size_t names = forwards_.size();
        for (const auto& forward : forwards_) names += forward.except.size();
        if (zones_.size() * forwards_.size() > max_block_comparisons / (names + 1)) {
            return draft_.leave_out(block.line, "the block has too many zones and `forward`s; it is left out");
        }
        for (const auto& zone : zones_) write_zone(block, zone.name);
        if (cache_.caching.on && !is_cache_used_) {
            draft_.leave_out(cache_line_, "`cache` stands here in sections with `address`, and of this block there is "
                                          "none that it is for");
        }
        for (std::size_t i = 0; i < forwards_.size(); ++i) {
            const bool is_reached = std::any_of(zones_.begin(), zones_.end(), [&](const Zone& zone) {
                return is_within(zone.name, forwards_[i].from) || is_within(forwards_[i].from, zone.name);
            });
            if (!is_reached && !zones_.empty()) {
                draft_.leave_out(forwards_[i].line, "no name of this block is below " +
                                                        config::excerpt(forwards_[i].from) + "; it is left out");
            }
        }
    }

    /// Which queries the block is for. False: no section can say it.
    bool read_views(const CorefileBlock& block) {
        view_ = {};
        std::size_t views = 0;
        for (const auto& directive : block.directives) {
            if (directive.name() != "view") continue;
            const auto view = read_corefile_view(directive);
            if (!view || ++views > 1) {
                draft_.leave_out(directive.line, "the whole server block is left out: `clients` and `types` say which "
                                                 "queries a section is for, and this `view` says something else");
                return false;
            }
            view_ = *view;
        }
        keys_ = view_.keys();
        return true;
    }

    /// The first block of a zone that is for a query takes it; blocks below it that would get it here are left out.
    bool is_shadowed(const CorefileBlock& block, const Zone& zone) {
        auto& views = views_of_zones_[zone.name];
        const bool has_many = views.size() == max_zone_views;
        if (has_many || std::any_of(views.begin(), views.end(),
                                    [&](const CorefileView& earlier) { return shadows(earlier, view_); })) {
            draft_.leave_out(block.line, "the zone " + config::excerpt(zone.name.empty() ? "." : zone.name) +
                                             " is left out here: a server block above it may take the same queries");
            return true;
        }
        views.push_back(view_);
        return false;
    }

    void add_zone(const CorefileBlock& block, Zone zone) {
        if (!ports_.empty() && !ports_.contains(zone.port)) {
            draft_.leave_out(block.line, "the zone " + config::excerpt(zone.name.empty() ? "." : zone.name) +
                                             " listens on another port; here all sections are one table for all ports");
        }
        ports_.insert(zone.port);
        if (!is_shadowed(block, zone)) zones_.push_back(std::move(zone));
    }

    void read_directive(const CorefileDirective& directive) {
        const std::string& name = directive.name();
        if (name == "forward" || name == "proxy") {
            if (auto forward = read_corefile_forward(directive, draft_)) {
                forwards_.push_back(std::move(*forward));
            } else {
                others_.push_back(name);
            }
        } else if (name == "acl") {
            const auto networks = read_corefile_acl(directive, draft_);
            if (!networks.empty()) keys_.emplace_back("allow", joined(networks));
        } else if (name == "cache") {
            read_cache(directive);
        } else if (name != "view" && !is_one_of(name, built_in)) {
            draft_.leave_out(directive.line, no_counterpart(name, advice));
            if (!is_one_of(name, without_answers)) others_.push_back(name);
        }
    }

    void read_cache(const CorefileDirective& directive) {
        if (cache_.caching.on) {
            return draft_.leave_out(directive.line, "a second `cache` of the block; the first one is taken");
        }
        cache_ = read_corefile_cache(directive, draft_);
        cache_line_ = directive.line;
        for (const auto& zone : cache_.zones) {
            const bool is_whole = std::any_of(zones_.begin(), zones_.end(),
                                              [&](const Zone& one) { return is_within(one.name, zone); });
            if (is_whole) continue;
            draft_.leave_out(directive.line, "`cache` for names below " + config::excerpt(zone) +
                                                 ": only sections whose names are all below it keep answers");
        }
    }

    /// Each `forward` has its turn until one takes the name: a later one gets what the earlier ones except.
    void write_zone(const CorefileBlock& block, const std::string& zone) {
        std::set<const CorefileForward*> used;
        for (const auto& forward : forwards_) {
            const bool holds_zone = is_within(zone, forward.from);
            const bool is_below = !holds_zone && is_within(forward.from, zone);
            if (!holds_zone && !is_below) {
                used.insert(&forward);  // it has no part here
            } else if (taker_of(holds_zone ? zone : forward.from) == &forward) {
                add_section(forward.line, holds_zone ? zone : forward.from, forward.keys);
                used.insert(&forward);
            }
        }
        for (const auto& forward : forwards_) write_exceptions(forward, zone, used);
        if (taker_of(zone) == nullptr) write_rest(block.line, zone, block.directives.empty());
        for (const auto& forward : forwards_) {
            if (!used.contains(&forward)) {
                draft_.leave_out(forward.line, "all names that this would forward are forwarded by a line above it; it "
                                               "is left out");
            }
        }
    }

    /// The first that forwards the name itself.
    const CorefileForward* taker_of(const std::string& name) const {
        for (const auto& forward : forwards_) {
            const bool is_excepted = std::any_of(forward.except.begin(), forward.except.end(),
                                                 [&](const std::string& except) { return is_within(name, except); });
            if (is_within(name, forward.from) && !is_excepted) return &forward;
        }
        return nullptr;
    }

    void write_exceptions(const CorefileForward& forward, const std::string& zone,
                          std::set<const CorefileForward*>& used) {
        for (const auto& except : forward.except) {
            const bool has_part = is_within(except, zone) && is_within(except, forward.from);
            if (!has_part || !excepted_.insert(except).second) continue;
            const auto* taker = taker_of(except);
            if (taker == nullptr) {
                write_rest(forward.line, except, false);
            } else {
                if (taker->from != except) add_section(taker->line, except, taker->keys);
                used.insert(taker);
            }
        }
    }

    /// Names that no `forward` takes: other plugins may answer them, and else there is an error.
    void write_rest(std::uint32_t line, const std::string& zone, bool has_no_plugin) {
        if (others_.empty()) {
            return add_section(line, zone, {{"answer", has_no_plugin ? "refused" : "servfail"}});
        }
        draft_.leave_out(line, "names below " + config::excerpt(zone.empty() ? "." : zone) + " were answered by " +
                                   config::excerpt(others_.front()) +
                                   "; here they go where the section of a name above them says");
    }

    void add_section(std::uint32_t line, const std::string& zone,
                     const std::vector<std::pair<std::string, std::string>>& keys) {
        Section section{line, {zone_pattern(zone)}, keys_};
        section.keys.insert(section.keys.end(), keys.begin(), keys.end());
        const bool is_kept = cache_.zones.empty() ||
                             std::any_of(cache_.zones.begin(), cache_.zones.end(),
                                         [&](const std::string& one) { return is_within(zone, one); });
        if (is_kept) cache_.caching.write(section);
        is_cache_used_ = is_cache_used_ || !section.get("cache").empty();
        draft_.add(std::move(section));
    }

    Draft& draft_;
    std::set<std::string> ports_;  ///< of all blocks
    std::map<std::string, std::vector<CorefileView>> views_of_zones_;  ///< of the blocks so far
    CorefileView view_;
    std::vector<Zone> zones_;      ///< of the block that is read, as are the others
    std::vector<CorefileForward> forwards_;
    std::vector<std::string> others_;  ///< plugins that may answer
    CorefileCache cache_;
    std::uint32_t cache_line_ = 0;
    bool is_cache_used_ = false;
    std::set<std::string> excepted_;   ///< names that were written
    std::vector<std::pair<std::string, std::string>> keys_;
};

}  // namespace

void read_corefile(std::string_view text, Draft& draft) { Reader(draft).read(text); }

}  // namespace dproxy::foreign
