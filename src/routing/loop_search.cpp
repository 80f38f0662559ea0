// SPDX-License-Identifier: MIT
#include "routing/loop_search.hpp"

#include <algorithm>
#include <cassert>

namespace dproxy::routing {

namespace {

dns::Name parent_of(const dns::Name& name) {
    std::size_t at = std::size_t{name.wire()[0]} + 1;
    return *dns::Name::read(name.wire(), at);
}

}  // namespace

bool LoopSearch::expect(LoopPlace place, std::uint64_t now_ns) {
    if (expected_ == max_expected) return false;
    last_expected_ns_ = std::max(now_ns, last_expected_ns_ + spread_ns);
    ++expected_;
    Check check;
    check.place = std::move(place);
    add(std::move(check), last_expected_ns_);
    return true;
}

void LoopSearch::expect_others(std::vector<LoopPlace> places, std::uint64_t now_ns) {
    std::set<std::uint64_t> under_way;
    for (const auto& [id, check] : checks_) {
        if (check.kind == Kind::appeared) under_way.insert(hash_of_place(check.place));
    }
    for (LoopPlace& place : places) {
        if (!under_way.contains(hash_of_place(place)) && !is_marked(place)) expect(std::move(place), now_ns);
    }
}

void LoopSearch::suspect(LoopPlace place, std::uint64_t now_ns) {
    if (is_known(place, now_ns)) return;
    if (suspicions_ == max_suspicions) {
        ++left_out_;
        return;
    }
    ++suspicions_;
    Check check;
    check.place = std::move(place);
    check.kind = Kind::suspicion;
    add(std::move(check), now_ns);
}

bool LoopSearch::is_marked(const LoopPlace& place) const {
    return std::any_of(marks_.begin(), marks_.end(), [&](const auto& one) {
        return one.second.place.covers(place);
    });
}

bool LoopSearch::is_known(const LoopPlace& place, std::uint64_t now_ns) const {
    const auto cleared = cleared_.find(hash_of_place(place));
    if (cleared != cleared_.end() && now_ns < cleared->second) return true;
    return is_marked(place) || std::any_of(checks_.begin(), checks_.end(), [&](const auto& one) {
        const Check& check = one.second;
        return check.kind == Kind::suspicion && check.place.same_route(place) &&
               check.place.pattern_length == place.pattern_length &&
               dns::equal_ignoring_case(check.place.domain.wire(), place.domain.wire());
    });
}

std::optional<LoopSearch::CheckId> LoopSearch::next(std::uint64_t now_ns) {
    while (!agenda_.empty() && agenda_.begin()->first <= now_ns) {
        const CheckId id = agenda_.begin()->second;
        if (!checks_.at(id).is_asked) return id;
        judge(id, now_ns);
    }
    return std::nullopt;
}

std::optional<std::uint64_t> LoopSearch::next_ns() const {
    if (agenda_.empty()) return std::nullopt;
    return agenda_.begin()->first;
}

const LoopPlace* LoopSearch::place_of(CheckId id) const {
    const auto found = checks_.find(id);
    return found == checks_.end() ? nullptr : &found->second.place;
}

void LoopSearch::asked(CheckId id, unsigned probes, std::uint64_t now_ns) {
    Check& check = checks_.at(id);
    assert(!check.is_asked);
    check.is_asked = true;
    check.nobody = probes == 0;
    check.unanswered = probes;
    ++check.probes;
    check.sent_ns = now_ns;
    schedule(id, check, now_ns + (probes > 0 ? patience_ns : 0));
}

void LoopSearch::postpone(CheckId id, std::uint64_t until_ns) { schedule(id, checks_.at(id), until_ns); }

void LoopSearch::answered(CheckId id, std::uint64_t now_ns) {
    const auto found = checks_.find(id);
    if (found == checks_.end() || !found->second.is_asked || found->second.unanswered == 0) return;
    Check& check = found->second;
    if (--check.unanswered == 0) schedule(id, check, std::min(check.due_ns, now_ns + grace_ns));
}

void LoopSearch::returned(CheckId id, std::string upstream, std::uint64_t now_ns) {
    const auto found = checks_.find(id);
    if (found == checks_.end() || !found->second.is_asked) return;
    Check& check = found->second;
    if (check.kind == Kind::recheck) {
        marks_.at(check.mark).upstream = std::move(upstream);
        check.is_asked = false;
        check.probes = 0;
        return schedule(id, check, now_ns + recheck_gap_ns());
    }
    if (check.upstream != upstream) {  // the first one
        check.upstream = std::move(upstream);
        check.is_asked = false;
        check.probes = 0;
        return schedule(id, check, now_ns);
    }
    if (check.kind == Kind::climb) {
        const MarkId wider = check.mark;
        marks_.at(wider).place.domain = check.place.domain;
        end(id);
        return climb(wider, now_ns);
    }
    LoopPlace place = check.place;
    if (check.kind == Kind::suspicion) confirmed_.push_back(place);
    end(id);
    mark(std::move(place), std::move(upstream), now_ns);
}

void LoopSearch::judge(CheckId id, std::uint64_t now_ns) {
    Check& check = checks_.at(id);
    check.is_asked = false;
    const bool silent = check.unanswered > 0;
    if (silent && check.probes < probes_until_silent) return schedule(id, check, now_ns);
    check.probes = 0;
    check.upstream.clear();
    switch (check.kind) {
        case Kind::appeared:
            return judge_appeared(id, check, silent || check.nobody, now_ns);
        case Kind::suspicion:
            clear(check.place, now_ns);
            return end(id);
        case Kind::climb: {
            const MarkId whole = check.mark;
            end(id);
            return settle(whole, now_ns);
        }
        case Kind::recheck: {
            return end_mark(check.mark, News::What::ended);  // the check ends with it
        }
    }
}

void LoopSearch::judge_appeared(CheckId id, Check& check, bool silent, std::uint64_t now_ns) {
    ++check.rounds;
    if (!silent && check.rounds > 1) return end(id);
    const unsigned doublings = std::min(check.rounds - 1, 5u);
    schedule(id, check, now_ns + std::min(second_look_ns << doublings, longest_gap_ns));
}

void LoopSearch::mark(LoopPlace place, std::string upstream, std::uint64_t now_ns) {
    if (is_marked(place)) return;
    if (marks_.size() == max_marks && !make_room_for_mark()) {
        ++left_out_;
        return;
    }
    const MarkId id = next_id_++;
    marks_.emplace(id, LoopMark{std::move(place), std::move(upstream), now_ns});
    climb(id, now_ns);
}

bool LoopSearch::make_room_for_mark() {
    // The lower the number, the older.
    const auto oldest = std::find_if(marks_.begin(), marks_.end(),
                                     [](const auto& one) { return !one.second.place.is_whole_pattern(); });
    if (oldest == marks_.end()) return false;
    end_mark(oldest->first, News::What::made_room);
    return true;
}

void LoopSearch::climb(MarkId id, std::uint64_t now_ns) {
    changed_ = true;
    const LoopPlace place = marks_.at(id).place;
    std::vector<MarkId> within;
    for (const auto& [other, mark] : marks_) {
        if (other != id && place.covers(mark.place)) within.push_back(other);
    }
    for (const MarkId other : within) end_mark(other, News::What::widened);
    if (place.is_whole_pattern()) return settle(id, now_ns);
    Check check;
    check.place = place;
    check.place.domain = parent_of(place.domain);
    check.kind = Kind::climb;
    check.mark = id;
    add(std::move(check), now_ns);
}

void LoopSearch::settle(MarkId id, std::uint64_t now_ns) {
    settled_.insert(id);
    const LoopMark& mark = marks_.at(id);
    news_.push_back({News::What::found, mark});
    Check check;
    check.place = mark.place;
    check.kind = Kind::recheck;
    check.mark = id;
    add(std::move(check), now_ns + recheck_gap_ns());
}

std::uint64_t LoopSearch::recheck_gap_ns() const { return std::max(recheck_ns, marks_.size() * recheck_spread_ns); }

void LoopSearch::end_mark(MarkId id, News::What what) {
    const auto found = marks_.find(id);
    if (settled_.erase(id) > 0) news_.push_back({what, std::move(found->second)});
    marks_.erase(found);
    changed_ = true;
    std::vector<CheckId> its_checks;
    for (const auto& [check_id, check] : checks_) {
        if (check.mark == id) its_checks.push_back(check_id);
    }
    for (const CheckId check_id : its_checks) end(check_id);
}

void LoopSearch::clear(const LoopPlace& place, std::uint64_t now_ns) {
    std::erase_if(cleared_, [&](const auto& one) { return one.second <= now_ns; });
    if (cleared_.size() < max_cleared) cleared_[hash_of_place(place)] = now_ns + cleared_ns;
}

void LoopSearch::retain(const std::function<bool(const LoopPlace&)>& is_there) {
    std::vector<MarkId> gone_marks;
    for (const auto& [id, mark] : marks_) {
        if (!is_there(mark.place)) gone_marks.push_back(id);
    }
    for (const MarkId id : gone_marks) end_mark(id, News::What::route_gone);
    std::vector<CheckId> gone;
    for (const auto& [id, check] : checks_) {
        if (!is_there(check.place)) gone.push_back(id);
    }
    for (const CheckId id : gone) end(id);
}

std::vector<LoopMark> LoopSearch::marks() const {
    std::vector<LoopMark> all;
    for (const auto& [id, mark] : marks_) all.push_back(mark);
    return all;
}

LoopSearch::CheckId LoopSearch::add(Check check, std::uint64_t due_ns) {
    const CheckId id = next_id_++;
    Check& added = checks_.emplace(id, std::move(check)).first->second;
    added.due_ns = due_ns;
    agenda_.emplace(due_ns, id);
    return id;
}

void LoopSearch::schedule(CheckId id, Check& check, std::uint64_t due_ns) {
    agenda_.erase({check.due_ns, id});
    check.due_ns = due_ns;
    agenda_.emplace(due_ns, id);
}

void LoopSearch::end(CheckId id) {
    const auto found = checks_.find(id);
    if (found->second.kind == Kind::appeared) --expected_;
    if (found->second.kind == Kind::suspicion) --suspicions_;
    agenda_.erase({found->second.due_ns, id});
    checks_.erase(found);
}

}  // namespace dproxy::routing
