// SPDX-License-Identifier: MIT
#include "routing/giving_way.hpp"

#include <algorithm>
#include <queue>

namespace dproxy::routing {

namespace {

/// The holdings of one network, the oldest first, of which those before `next` have given way.
struct Share {
    std::uint64_t amount = 0;
    std::size_t next = 0;
    std::size_t end = 0;
    std::uint64_t oldest_ns = 0;

    bool operator<(const Share& other) const {
        return amount != other.amount ? amount < other.amount : oldest_ns > other.oldest_ns;
    }
};

}  // namespace

// Sorted and not hashed: whoever chooses the addresses of many clients must not choose what this costs.
std::vector<std::uint32_t> who_gives_way(std::vector<Holding> holdings, std::uint64_t wanted) {
    std::sort(holdings.begin(), holdings.end(), [](const Holding& a, const Holding& b) {
        if (a.network != b.network) return a.network < b.network;
        // Of those that came in one turn, who was told first: what a side lists in their order goes in that order.
        return a.since_ns != b.since_ns ? a.since_ns < b.since_ns : a.holder < b.holder;
    });
    std::vector<Share> shares;
    for (std::size_t i = 0; i < holdings.size(); ++i) {
        if (i == 0 || holdings[i].network != holdings[i - 1].network) shares.push_back({0, i, i, holdings[i].since_ns});
        shares.back().amount += holdings[i].amount;
        shares.back().end = i + 1;
    }
    std::priority_queue<Share> by_amount(std::less<Share>{}, std::move(shares));
    std::vector<std::uint32_t> ending;
    std::uint64_t freed = 0;
    while (freed < wanted && !by_amount.empty()) {
        Share most = by_amount.top();
        by_amount.pop();
        const Holding& oldest = holdings[most.next++];
        ending.push_back(oldest.holder);
        freed += oldest.amount;
        most.amount -= oldest.amount;
        if (most.next == most.end) continue;
        most.oldest_ns = holdings[most.next].since_ns;
        by_amount.push(most);
    }
    return ending;
}

std::optional<std::uint32_t> who_gives_way_for(const net::ClientNetwork& newcomer, std::vector<Holding> holdings) {
    std::uint64_t own = 1;
    for (const Holding& one : holdings) own += one.network == newcomer ? one.amount : 0;
    const std::vector<std::uint32_t> first = who_gives_way(holdings, 1);
    if (first.empty()) return std::nullopt;
    const auto giving = std::find_if(holdings.begin(), holdings.end(),
                                     [&](const Holding& one) { return one.holder == first.front(); });
    std::uint64_t held = 0;
    for (const Holding& one : holdings) held += one.network == giving->network ? one.amount : 0;
    return held > own ? std::optional(first.front()) : std::nullopt;
}

}  // namespace dproxy::routing
