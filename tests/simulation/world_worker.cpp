// SPDX-License-Identifier: MIT
// The worker's thread in a run: when it has its turns, ticks and seconds, and when it gets no CPU.
#include <algorithm>
#include <utility>

#include "queries/limits.hpp"
#include "simulation/world.hpp"

namespace dproxy::simulation {

void World::work(std::function<void()> what) {
    if (timeline_.now() < busy_until_) {
        return timeline_.at(busy_until_, [this, what = std::move(what)] { work(what); });
    }
    what();
    io_.restart();
    io_.poll();
    busy_until_ = timeline_.now() + random_.between(2 * microsecond, 60 * microsecond);
    if (slow_) busy_until_ += random_.between(7, 12) * millisecond;
    if (random_.once_in(100)) busy_until_ += random_.below(20 * millisecond);
    if (random_.once_in(stalls_once_in_)) {
        busy_until_ += random_.below(1200 * millisecond);
        journal_.note("the worker gets no CPU until %.6f",
                      static_cast<double>(busy_until_ - 1000 * second) / static_cast<double>(second));
    }
    check_ticking();
}

void World::plan_turn() {
    if (std::exchange(turn_planned_, true)) return;
    timeline_.at(std::max(busy_until_, timeline_.now() + microsecond), [this] {
        turn_planned_ = false;
        work([] {});
    });
}

void World::start_ticking() {
    ticking_ = true;
    timeline_.after(proxy::tick_ns, [this, number = ++ticks_] {
        if (number == ticks_) work([this, number] { number == ticks_ ? tick() : void(); });
    });
}

void World::tick() {
    start_ticking();
    if (!relay_->tick()) {
        ++ticks_;
        ticking_ = false;
    }
    ledger_.check_due(timeline_.now(), accounts_->dropped());
}

void World::maintain() {
    timeline_.after(second, [this] { maintain(); });
    work([this] { relay_->maintain(); });
}

void World::check_ticking() {
    if (!ticking_ && relay_->inflight() > 0) journal_.violate("queries are in flight and nothing ticks");
}

}  // namespace dproxy::simulation
