// SPDX-License-Identifier: MIT
#include "simulation/routes.hpp"

#include <algorithm>
#include <utility>

#include "io/monotonic.hpp"
#include "routing/route_file.hpp"

namespace dproxy::simulation {

using routing::Health;
using routing::Hedge;
using routing::LocalAnswer;
using routing::Policy;
using routing::Protocol;
using routing::RouteSettings;

namespace {

std::string domain_at(std::size_t place) { return "d" + std::to_string(place) + ".test"; }

net::NetworkList some_clients() { return net::NetworkList({*net::Network::parse("10.1.0.0/17")}); }

}  // namespace

Routes::Routes(Random random, std::vector<net::Endpoint> nameservers, bool roomy, bool keeps)
    : random_(random),
      nameservers_(std::move(nameservers)),
      settings_(domains),
      for_some_(domains),
      roomy_(roomy),
      keeps_(keeps) {
    change_hosts();
    for (auto& one : settings_) one = draw();
    for (auto& one : for_some_) one = draw_for_some();
}

void Routes::change() {
    for (auto& one : settings_) {
        if (random_.percent(60)) continue;
        if (one && random_.percent(20)) {
            one = nullptr;
        } else {
            one = draw();
        }
    }
    for (auto& one : for_some_) {
        if (random_.percent(30)) one = draw_for_some();
    }
}

/// A section for some clients or types, beside that for everybody.
std::shared_ptr<const RouteSettings> Routes::draw_for_some() {
    if (!random_.percent(15)) return nullptr;
    auto settings = std::make_shared<RouteSettings>(*draw());
    const bool by_client = random_.percent(50);
    if (by_client) settings->audience.clients = some_clients().networks();
    if (!by_client || random_.percent(30)) settings->audience.types = {dns::type::txt};
    return settings;
}

void Routes::change_hosts() {
    auto& addresses = hosts_["ns.example."];
    addresses.clear();
    for (std::uint64_t left = random_.between(1, 3); left > 0; --left) {
        const net::Endpoint& one = nameservers_[random_.below(nameservers_.size())];
        if (one.port == 53) addresses.push_back(one.address);
    }
    if (addresses.empty()) hosts_.clear();
}

std::shared_ptr<const RouteSettings> Routes::draw() {
    auto settings = std::make_shared<RouteSettings>();
    draw_targets(*settings);
    draw_limits(*settings);
    if (keeps_) draw_keeping(settings->keeping);
    settings->policy = random_.one_of({Policy::least_outstanding, Policy::round_robin, Policy::random, Policy::first,
                                       Policy::hash});
    settings->health = random_.one_of({Health::on, Health::passive, Health::off});
    settings->protocol = random_.percent(25) ? Protocol::tcp : Protocol::as_client;
    if (random_.percent(25)) settings->fallback_on = static_cast<std::uint8_t>(random_.between(1, 7));
    if (random_.percent(30)) {
        settings->hedge = random_.one_of({Hedge::p95, Hedge::after});
        settings->hedge_after = std::chrono::milliseconds(random_.between(1, 300));
    }
    if (random_.percent(20)) settings->client_subnet = true;
    if (random_.percent(15)) settings->proxy_protocol = true;
    if (random_.percent(6)) {
        settings->answer = random_.one_of({LocalAnswer::refused, LocalAnswer::nxdomain, LocalAnswer::nodata,
                                           LocalAnswer::servfail, LocalAnswer::drop});
        settings->targets.clear();
    }
    if (random_.percent(8)) {
        settings->allow_all = false;
        settings->allow = some_clients();
    }
    return settings;
}

void Routes::draw_targets(RouteSettings& settings) {
    for (std::uint64_t left = random_.between(1, 4); left > 0; --left) {
        settings.targets.push_back({"", nameservers_[random_.below(nameservers_.size())]});
    }
    if (random_.percent(12)) settings.targets.push_back({"ns.example.", {{}, 53}});
    if (random_.percent(2)) settings.targets = {{"unknown.example.", {{}, 53}}};
}

void Routes::draw_limits(RouteSettings& settings) {
    settings.timeout = std::chrono::milliseconds(random_.one_of({100, 400, 1000, 2000, 4000, 4000, 10'000}));
    settings.attempts = static_cast<std::uint8_t>(random_.between(1, routing::max_attempts));
    settings.max_inflight = random_.one_of({10'000u, 10'000u, 10'000u, 500u, 50u, 5u, 1u});
    if (roomy_) settings.max_inflight = 20'000;
    longest_timeout_ns_ = std::max(longest_timeout_ns_, io::nanoseconds_of(settings.timeout));
}

void Routes::draw_keeping(routing::Keeping& keeping) {
    keeping.cache = random_.percent(50);
    keeping.merge = keeping.cache || random_.percent(30);
    if (!keeping.cache) return;
    keeping.least = std::chrono::seconds(random_.one_of({0, 0, 1, 5}));
    keeping.most = std::chrono::seconds(random_.one_of({5, 10, 86'400}));
    keeping.stale = std::chrono::seconds(random_.one_of({0, 0, 10, 3600}));
    keeping.stale_after = std::chrono::milliseconds(random_.one_of({0, 100, 1800}));
    keeping.prefetch = random_.one_of({0u, 1u, 3u});
}

std::shared_ptr<const routing::RouteTable> Routes::table() const {
    routing::RouteFileBuilder builder("a.prox");
    for (std::size_t i = 0; i < settings_.size(); ++i) {
        if (!settings_[i]) continue;
        const std::string domain = domain_at(i);
        builder.begin_section(static_cast<std::uint32_t>(10 * i + 1), "." + domain, settings_[i]);
        builder.add_pattern(routing::PatternKind::both, dns::Name::parse(domain, true).name);
    }
    for (std::size_t i = 0; i < for_some_.size(); ++i) {
        if (!for_some_[i]) continue;
        const std::string domain = domain_at(i);
        builder.begin_section(static_cast<std::uint32_t>(10 * i + 5), for_some_[i]->audience.label_of("." + domain),
                              for_some_[i]);
        builder.add_pattern(routing::PatternKind::both, dns::Name::parse(domain, true).name);
    }
    return routing::RouteTable::build({builder.finish()}).table;
}

std::shared_ptr<const RouteSettings> Routes::master() { return random_.percent(50) ? draw() : nullptr; }

std::string Routes::draw_domain(Random& random) const {
    if (random.percent(4)) return "nowhere.test";
    // A few have most of the queries.
    return domain_at(std::min(random.below(domains), random.below(domains)));
}

}  // namespace dproxy::simulation
