// SPDX-License-Identifier: MIT
#include "routing/section_choice.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>
#include <utility>

namespace dproxy::routing {

namespace {

/// The best one of sections in the order of precedence that a query of the type sees, or no_route.
RouteIndex best_of(std::span<const SectionForSome> sections, std::uint16_t type) {
    RouteIndex for_all_types = no_route;
    for (const SectionForSome& one : sections) {
        if (one.audience->has_type(type)) return one.route;
        if (for_all_types == no_route && one.audience->types.empty()) for_all_types = one.route;
    }
    return for_all_types;
}

}  // namespace

SectionChoices::SectionChoices(std::span<const std::vector<SectionForSome>> choices, const net::KeyedHash& hash,
                               std::size_t most_views)
    : scatter_(hash.finish(hash.begin()) | 1) {
    choices_.reserve(choices.size());
    for (const auto& sections : choices) {
        assert(sections.size() <= max_sections_of_a_pattern);
        Choice choice;
        choice.begin = static_cast<std::uint32_t>(sections_.size());
        for (const auto& one : sections) {
            if (!one.audience->clients.empty()) sections_.push_back(one);
        }
        choice.for_all_clients = static_cast<std::uint32_t>(sections_.size());
        for (const auto& one : sections) {
            if (one.audience->clients.empty()) sections_.push_back(one);
        }
        choice.end = static_cast<std::uint32_t>(sections_.size());
        choices_.push_back(choice);
    }
    sections_.shrink_to_fit();
    const std::vector<Choice> lists = number_lists();
    const std::vector<net::Network> networks = number_networks();
    networks_ = net::NetworkMap(networks);
    make_views(lists, networks, most_views);
}

/// Of each list one choice that has it.
std::vector<SectionChoices::Choice> SectionChoices::number_lists() {
    const auto is_before = [this](const Choice* a, const Choice* b) {
        return std::ranges::lexicographical_compare(with_clients(*a), with_clients(*b), {}, &SectionForSome::route,
                                                    &SectionForSome::route);
    };
    std::vector<Choice*> order;
    for (Choice& choice : choices_) {
        if (!with_clients(choice).empty()) order.push_back(&choice);
    }
    std::sort(order.begin(), order.end(), is_before);
    std::vector<Choice> lists;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const bool is_new = i == 0 || is_before(order[i - 1], order[i]);
        order[i]->list = static_cast<std::uint32_t>(lists.size() - (is_new ? 0 : 1));
        if (is_new) lists.push_back(*order[i]);
    }
    return lists;
}

/// Each network once, in order; its place is its number.
std::vector<net::Network> SectionChoices::number_networks() {
    struct Named {
        const net::Network* network;
        RouteIndex route;
        bool operator<(const Named& other) const {
            return std::tie(*network, route) < std::tie(*other.network, other.route);
        }
    };
    std::vector<SectionForSome> each(sections_);  // a section has as many places as it has patterns
    std::sort(each.begin(), each.end(), [](const auto& a, const auto& b) { return a.route < b.route; });
    each.erase(std::unique(each.begin(), each.end(), [](const auto& a, const auto& b) { return a.route == b.route; }),
               each.end());
    std::vector<Named> all;
    for (const SectionForSome& one : each) {
        for (const net::Network& network : one.audience->clients) all.push_back({&network, one.route});
    }
    std::sort(all.begin(), all.end());
    std::vector<net::Network> networks;
    for (const Named& one : all) {
        if (networks.empty() || networks.back() != *one.network) {
            networks.push_back(*one.network);
            network_begins_.push_back(static_cast<std::uint32_t>(routes_of_networks_.size()));
        }
        routes_of_networks_.push_back(one.route);
    }
    network_begins_.push_back(static_cast<std::uint32_t>(routes_of_networks_.size()));
    return networks;
}

void SectionChoices::make_views(std::span<const Choice> lists, std::span<const net::Network> networks,
                                std::size_t most_views) {
    const auto number_of = [networks](const net::Network& network) {
        return static_cast<std::uint32_t>(std::lower_bound(networks.begin(), networks.end(), network) -
                                          networks.begin());
    };
    std::vector<View> views;
    std::vector<std::pair<std::uint32_t, SectionForSome>> named;  // by number
    for (; lists_in_views_ < lists.size(); ++lists_in_views_) {
        named.clear();
        for (const SectionForSome& one : with_clients(lists[lists_in_views_])) {
            for (const net::Network& network : one.audience->clients) named.push_back({number_of(network), one});
        }
        if (views.size() + named.size() > most_views) break;
        std::stable_sort(named.begin(), named.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (auto at = named.begin(); at != named.end();) {
            const auto end = std::find_if(at, named.end(), [&](const auto& one) { return one.first != at->first; });
            const auto count = static_cast<std::uint32_t>(end - at);
            View& view = views.emplace_back(View{key_of(lists_in_views_, at->first), at->second.route, 0});
            if (count > 1 || !at->second.audience->types.empty()) {
                view.first = static_cast<std::uint32_t>(viewed_.size());
                view.count = count;
                for (; at != end; ++at) viewed_.push_back(at->second);
            }
            at = end;
        }
    }
    place(views);
    if (lists_in_views_ == lists.size()) network_begins_ = routes_of_networks_ = {};
    network_begins_.shrink_to_fit();
    routes_of_networks_.shrink_to_fit();
    viewed_.shrink_to_fit();
}

void SectionChoices::place(std::span<const View> views) {
    const std::size_t places = std::bit_ceil(views.size() + views.size() / 2 + 2);
    views_shift_ = 64 - static_cast<unsigned>(std::countr_zero(places));
    views_.assign(places, View{});
    for (const View& view : views) {
        std::size_t at = home(view.key);
        while (views_[at].key != no_key) at = next(at);
        views_[at] = view;
    }
}

std::span<const SectionForSome> SectionChoices::sections(std::size_t choice) const noexcept {
    const Choice& one = choices_[choice];
    return {sections_.data() + one.begin, sections_.data() + one.end};
}

inline RouteIndex SectionChoices::seen_from(std::uint32_t network, const Choice& choice, std::uint16_t type) const
    noexcept {
    const std::uint64_t key = key_of(choice.list, network);
    for (std::size_t at = home(key);; at = next(at)) {
        const View& view = views_.data()[at];
        if (view.key == no_key) return no_route;
        if (view.key != key) continue;
        return view.count == 0 ? view.first : best_of({viewed_.data() + view.first, view.count}, type);
    }
}

RouteIndex SectionChoices::For::choose(std::size_t choice) noexcept {
    const Choice& one = choices_.choices_.data()[choice];
    if (one.list != none && asker_.client != nullptr) {
        if (!looked_up_) network_ = choices_.networks_.longest(*asker_.client);
        looked_up_ = true;
        const bool in_views = one.list < choices_.lists_in_views_;
        for (std::uint32_t network = network_; network != net::NetworkMap::none;
             network = choices_.networks_.around(network)) {
            const RouteIndex route = in_views ? choices_.seen_from(network, one, asker_.type)
                                              : choices_.looked_through(network, one, asker_.type);
            if (route != no_route) return route;
        }
    }
    return best_of({choices_.sections_.data() + one.for_all_clients, choices_.sections_.data() + one.end}, asker_.type);
}

RouteIndex SectionChoices::looked_through(std::uint32_t network, const Choice& choice, std::uint16_t type) const
    noexcept {
    const auto begin = routes_of_networks_.begin() + network_begins_[network];
    const auto end = routes_of_networks_.begin() + network_begins_[network + 1];
    RouteIndex for_all_types = no_route;
    for (const SectionForSome& one : with_clients(choice)) {
        if (!std::binary_search(begin, end, one.route)) continue;
        if (one.audience->has_type(type)) return one.route;
        if (for_all_types == no_route && one.audience->types.empty()) for_all_types = one.route;
    }
    return for_all_types;
}

std::size_t SectionChoices::memory_bytes() const noexcept {
    return choices_.capacity() * sizeof(Choice) + sections_.capacity() * sizeof(SectionForSome) +
           viewed_.capacity() * sizeof(SectionForSome) + views_.capacity() * sizeof(View) + networks_.memory_bytes() +
           network_begins_.capacity() * sizeof network_begins_[0] +
           routes_of_networks_.capacity() * sizeof routes_of_networks_[0];
}

}  // namespace dproxy::routing
