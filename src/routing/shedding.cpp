// SPDX-License-Identifier: MIT
#include "routing/shedding.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::routing {

namespace {

constexpr double pressure = 0.05;      ///< of the buffer: who asks is watched
constexpr double about_to_lose = 0.5;  ///< less is to be read: not before, as a moment without CPU passes by itself
constexpr double too_full = 0.1;       ///< the same, where less is read already
constexpr double nearly_empty = 0.02;  ///< more could be read
constexpr double to_be_safe = 0.95;    ///< of what can be read is read; from there on, while the buffer is empty, more:
constexpr double least_growth = 0.02;
constexpr double greatest_growth = 1;  ///< each look twice as much more, as what was read may have been a bad moment's
constexpr double too_late = 2;         ///< intervals since the last look: what was read is not what can be read
constexpr double weight_of_newest = 0.25;  ///< in what is known of earlier looks
constexpr double least_of_read = 0.1;  ///< has come since the last look, however many more were read than came
constexpr unsigned calm_looks = 100;   ///< then nobody is watched any more
constexpr unsigned least_patience = 2;     ///< looks, after the target has grown too far for the first time;
constexpr unsigned greatest_patience = 64;  ///< each time twice as many, up to this

}  // namespace

double fair_rate(std::vector<double> offered, double total) {
    std::sort(offered.begin(), offered.end());
    double left = total;
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const double share = left / static_cast<double>(offered.size() - i);
        if (offered[i] > share) return share;
        left -= offered[i];
    }
    return offered.empty() ? total : offered.back() + left;
}

void HeavyNetworks::note(const net::ClientNetwork& network) {
    for (std::size_t i = 0; i < used_; ++i) {
        if (counters_[i].network == network) {
            ++counters_[i].count;
            return;
        }
    }
    if (used_ < counters) {
        counters_[used_++] = {network, 1};
        return;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < used_; ++i) {
        if (--counters_[i].count > 0) counters_[kept++] = counters_[i];
    }
    used_ = kept;
}

std::vector<Offer> HeavyNetworks::take(double scale) {
    std::vector<Offer> offers;
    for (std::size_t i = 0; i < used_; ++i) offers.push_back({counters_[i].network, counters_[i].count * scale});
    used_ = 0;
    return offers;
}

KeptPart* Shedding::limit_of(const net::ClientNetwork& network) {
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const KeptPart& one) { return one.network == network; });
    return found == kept_.end() ? nullptr : &*found;
}

bool Shedding::admits(const net::ClientNetwork& network) {
    heavy_.note(network);
    if (backlog_ == 0) return true;
    --backlog_;
    KeptPart* limit = limit_of(network);
    if (limit == nullptr) return true;
    limit->credit += limit->kept;
    if (limit->credit < 1) return false;
    limit->credit -= 1;
    return true;
}

bool Shedding::stop() {
    target_ = capacity_ = filled_ = growth_ = 0;
    hold_ = patience_ = 0;
    watching_ = false;
    return !std::exchange(kept_, {}).empty();
}

void Shedding::back_off() {
    // Once for each time that the target has grown.
    if (hold_ == 0) hold_ = patience_ = std::clamp(2 * patience_, least_patience, greatest_patience);
}

void Shedding::grow() {
    if (hold_ > 0) {
        --hold_;
        growth_ = least_growth;
        target_ = std::max(target_, capacity_ * to_be_safe);
        return;
    }
    target_ = std::max(target_ * (1 + growth_), capacity_ * to_be_safe);
    growth_ = std::min(2 * growth_, greatest_growth);
}

void Shedding::learn(const Sight& sight, double read) {
    const bool fills = sight.filled >= std::exchange(filled_, sight.filled);
    if (sight.filled <= (target_ == 0 ? about_to_lose : pressure)) return;
    // With so much waiting, what was read is what can be read.
    capacity_ = capacity_ == 0 ? read : capacity_ + (read - capacity_) * weight_of_newest;
    if (!fills) return;
    target_ = target_ == 0 ? capacity_ * to_be_safe : std::min(target_, capacity_ * to_be_safe);
    back_off();
}

void Shedding::estimate(Offer& offer, double scale) {
    const KeptPart* limit = limit_of(offer.network);
    offer.queries *= scale / (limit == nullptr ? 1 : limit->kept);
    if (limit != nullptr) offer.queries = limit->offered + (offer.queries - limit->offered) * weight_of_newest;
}

bool Shedding::look(const Sight& sight, std::uint64_t now_ns) {
    // A look that comes late (no query came, or no CPU) says little of an interval.
    const double intervals = std::max(1.0, static_cast<double>(now_ns - looked_ns_) / interval_ns);
    looked_ns_ = now_ns;
    calm_ = sight.filled > nearly_empty ? 0 : calm_ + 1;
    std::vector<Offer> offers = heavy_.take(1 / intervals);
    if (!watching_) {
        watching_ = sight.filled > pressure;
        return false;
    }
    if (calm_ >= calm_looks && kept_.empty()) return stop();
    // What is thrown away is read faster than what is answered, and says nothing of what comes.
    if (sight.filled <= nearly_empty) backlog_ = 0;
    const double waited = static_cast<double>(std::exchange(waiting_, sight.waiting));
    const double more_waiting = static_cast<double>(sight.waiting) - waited;
    if (std::exchange(had_backlog_, backlog_ > 0)) return false;

    if (intervals < too_late) learn(sight, static_cast<double>(sight.read) / intervals);
    if (target_ == 0) return false;
    if (sight.filled < nearly_empty) {
        grow();
    } else {
        growth_ = least_growth;
    }
    // What came is what was read, and what waits now and did not, and what the kernel dropped, of everybody alike.
    const double came = static_cast<double>(sight.read + sight.dropped) + more_waiting;
    const double all = came / std::max(1.0, static_cast<double>(sight.read));
    for (Offer& offer : offers) estimate(offer, std::max(all, least_of_read));
    if (sight.filled > too_full) {
        backlog_ = sight.waiting;
        had_backlog_ = true;
    }
    return limit(std::move(offers));
}

bool Shedding::limit(std::vector<Offer> offers) {
    std::vector<double> offered;
    for (const Offer& offer : offers) offered.push_back(offer.queries);
    const double rate = fair_rate(std::move(offered), target_);
    std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) { return a.queries > b.queries; });
    if (offers.size() > most_limited) offers.resize(most_limited);
    std::vector<KeptPart> kept;
    for (const Offer& offer : offers) {
        if (offer.queries > rate) kept.push_back({offer.network, rate / offer.queries, offer.queries});
    }
    const bool changed = !kept.empty() || !kept_.empty();
    kept_ = std::move(kept);
    return changed;
}

}  // namespace dproxy::routing
