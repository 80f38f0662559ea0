// SPDX-License-Identifier: MIT
#include "cache/answer_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace dproxy::cache {

namespace {

constexpr std::size_t line_bytes = 64;

void* reserve(std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

KeptHead head_of(std::span<const std::uint64_t> words) {
    KeptHead head;
    std::memcpy(static_cast<void*>(&head), words.data(), sizeof head);
    return head;
}

/// As many as fill whole lines, and one line at least.
std::size_t whole_lines(std::size_t words) {
    constexpr std::size_t of_line = line_bytes / sizeof(std::uint64_t);
    return std::max(words / of_line, std::size_t{1}) * of_line;
}

}  // namespace

static_assert(max_record_bytes / unit_bytes + head_words <= Ring::most_units);

RecordRoom make_record_room() { return RecordRoom(max_record_bytes / sizeof(std::uint64_t) + head_words + 2); }

/// How the bytes are shared out.
struct AnswerMemory::Layout {
    Layout(std::size_t bytes, unsigned parts) : index_words(whole_lines(bytes / bytes_for_a_place)) {
        const std::size_t of_part = (bytes - std::min(bytes, AnswerIndex::bytes_of(index_words))) / parts;
        ghost_words = whole_lines(of_part / bytes_for_two_ghosts);
        const std::size_t ring_words = of_part / sizeof(std::uint64_t) - ghost_words;
        newcomer_words = whole_lines(ring_words / part_of_newcomers);
        stayer_words = whole_lines(ring_words - newcomer_words);
        part_words = ghost_words + newcomer_words + stayer_words;
        bytes_of_all = (index_words + parts * part_words) * sizeof(std::uint64_t);
    }
    std::size_t index_words, ghost_words, newcomer_words, stayer_words, part_words, bytes_of_all;
};

AnswerMemory::AnswerMemory(std::size_t bytes, unsigned parts)
    : mapped_bytes_(Layout(bytes, parts).bytes_of_all),
      memory_(reserve(mapped_bytes_)),
      index_({static_cast<std::uint64_t*>(memory_), Layout(bytes, parts).index_words}) {
    assert(parts > 0 && parts <= most_parts && bytes >= parts * least_bytes);
    const Layout layout(bytes, parts);
    std::uint64_t* at = static_cast<std::uint64_t*>(memory_) + layout.index_words;
    for (unsigned part = 0; part < parts; ++part, at += layout.part_words) {
        const std::span<std::uint64_t> all{at, layout.part_words};
        const auto newcomers = all.first(layout.newcomer_words);
        const auto stayers = all.subspan(layout.newcomer_words, layout.stayer_words);
        void* ghosts = all.last(layout.ghost_words).data();
        parts_.push_back(std::make_unique<Part>(
            newcomers, stayers, std::span(static_cast<std::uint32_t*>(ghosts), layout.ghost_words * 2)));
        rooms_.emplace_back();
    }
}

AnswerMemory::~AnswerMemory() { ::munmap(memory_, mapped_bytes_); }

void AnswerMemory::open(unsigned number) {
    rooms_[number] = make_record_room();
    // As many as the largest of records pushes out of the smallest; more have to be made room for, once.
    parts_[number]->evicted.reserve(max_record_bytes / sizeof(KeptHead));
}

void AnswerMemory::adopt(unsigned number, std::vector<std::uint32_t> routes) {
    assert(std::is_sorted(routes.begin(), routes.end()));
    parts_[number]->routes = std::move(routes);
}

bool AnswerMemory::is_in_force(const Part& part, std::uint32_t route) {
    return !part.routes || std::binary_search(part.routes->begin(), part.routes->end(), route);
}

bool AnswerMemory::is_of_use(const Part& part, const KeptHead& head, std::uint64_t now_ns) {
    return KeptAnswer::age(head, now_ns) != Age::over && is_in_force(part, head.route);
}

const Ring& AnswerMemory::ring(std::uint16_t number) const {
    const Part& part = *parts_[number / 2];
    return number % 2 == 0 ? part.newcomers : part.stayers;
}

std::span<const std::uint64_t> AnswerMemory::read(const Slot& slot, std::span<std::uint64_t> room) const {
    const Ring& from = ring(slot.ring);
    const auto position = from.position_of(slot.position);
    if (!position) return {};
    from.read(*position, 0, room.first(head_words));
    if (!from.holds(*position)) return {};
    // The head is whole, and so what it says of lengths.
    const std::size_t words = head_of(room).units * words_per_unit;
    from.read(*position, head_words, room.subspan(head_words, words - head_words));
    if (!from.holds(*position)) return {};
    return room.first(words);
}

Found AnswerMemory::find(const QuestionKey& key, std::uint64_t now_ns, std::span<std::uint64_t> room) const {
    Found found;
    index_.find(key.hash, [&](const Slot& slot, std::size_t number) {
        const auto words = read(slot, room);
        if (words.empty() || head_of(words).hash != key.hash) return false;
        const KeptAnswer kept(words);
        if (!is_same_question(kept.key(), key)) return false;
        if (kept.age(now_ns) != Age::over) found = {words, {number, slot}, slot.hits};
        return true;
    });
    return found;
}

bool AnswerMemory::find_own(std::uint64_t hash, std::uint16_t ring, Position position,
                            AnswerIndex::Instead& out) const {
    return index_.find(hash, [&](const Slot& slot, std::size_t number) {
        if (!slot.is_at(ring, static_cast<std::uint32_t>(position))) return false;
        out = {number, slot};
        return true;
    });
}

bool AnswerMemory::find_same(const QuestionKey& key, std::span<std::uint64_t> room, AnswerIndex::Instead& out) const {
    return index_.find(key.hash, [&](const Slot& slot, std::size_t number) {
        const auto words = read(slot, room);
        if (words.empty() || head_of(words).hash != key.hash || !is_same_question(KeptAnswer(words).key(), key)) {
            return false;
        }
        out = {number, slot};
        return true;
    });
}

bool AnswerMemory::keep(unsigned number, std::span<const std::uint64_t> record, std::uint64_t asked_ns) {
    Part& part = *parts_[number];
    part.evicted.clear();
    const KeptHead head = head_of(record);
    if (head.units > part.newcomers.units() / part_of_one_answer || is_forgotten(asked_ns)) return false;
    if (!is_in_force(part, head.route)) return false;  // asked for before its route was changed
    const QuestionKey key = KeptAnswer(record).key();
    AnswerIndex::Instead instead;
    const bool known = find_same(key, rooms_[number], instead);
    const bool stays = known ? instead.as_seen.ring % 2 == 1 : part.ghosts.take(head.hash);
    if (stays) {
        make_room_for_stayer(number, head.units, head.stored_ns);
    } else {
        make_room_for_newcomer(number, head.units, head.stored_ns);
    }
    Ring& to = stays ? part.stayers : part.newcomers;
    const auto position = static_cast<std::uint32_t>(to.append(record));
    ++part.entries;
    const std::uint16_t own = ring_number(number, stays ? Into::stayers : Into::newcomers);
    // Asked for, moved or gone meanwhile, perhaps to make room for this one: looked for again. Each time it is another
    // thread's doing, so a few times are enough.
    for (unsigned tries = 0; tries < AnswerIndex::ways; ++tries) {
        const bool still_known = find_same(key, rooms_[number], instead);
        if (!index_.put(head.hash, own, position, still_known ? &instead : nullptr)) continue;
        if (!is_forgotten(asked_ns)) return true;
        take_back(key, rooms_[number]);
        return false;
    }
    return false;
}

void AnswerMemory::take_back(const QuestionKey& key, std::span<std::uint64_t> room) {
    AnswerIndex::Instead place;
    while (find_same(key, room, place) && !index_.remove(place.number, place.as_seen)) {
    }
}

void AnswerMemory::make_room_for_newcomer(unsigned number, std::size_t units, std::uint64_t now_ns) {
    while (!parts_[number]->newcomers.has_room(units)) drop_oldest_newcomer(number, now_ns);
}

void AnswerMemory::drop_oldest_newcomer(unsigned number, std::uint64_t now_ns) {
    Part& part = *parts_[number];
    const Position position = part.newcomers.oldest();
    const std::uint16_t own = ring_number(number, Into::newcomers);
    std::array<std::uint64_t, head_words> first;
    part.newcomers.read_own(position, first);
    const KeptHead head = head_of(first);
    AnswerIndex::Instead place;
    const bool known = find_own(head.hash, own, position, place);
    // Also one that nobody asked for again, where it takes no place of one that is still good.
    if (known && is_of_use(part, head, now_ns) &&
        (place.as_seen.credit >= askings_to_stay || has_room_beside_the_good(number, head.units, now_ns))) {
        let_stay(number, head, position, now_ns);
    } else if (known) {
        strike_out(number, head, own, position, now_ns);
        if (is_in_force(part, head.route)) part.ghosts.add(head.hash);
    }
    --part.entries;
    part.newcomers.drop_oldest();
}

bool AnswerMemory::has_room_beside_the_good(unsigned number, std::size_t units, std::uint64_t now_ns) {
    Part& part = *parts_[number];
    const std::uint16_t own = ring_number(number, Into::stayers);
    for (unsigned looked_at = 0; !part.stayers.has_room(units); ++looked_at) {
        const Position position = part.stayers.oldest();
        std::array<std::uint64_t, head_words> first;
        part.stayers.read_own(position, first);
        const KeptHead head = head_of(first);
        AnswerIndex::Instead place;
        const bool is_good = is_of_use(part, head, now_ns) && find_own(head.hash, own, position, place);
        if (is_good || looked_at == most_moved_for_one) return false;
        strike_out(number, head, own, position, now_ns);
        --part.entries;
        part.stayers.drop_oldest();
    }
    return true;
}

void AnswerMemory::let_stay(unsigned number, const KeptHead& head, Position position, std::uint64_t now_ns) {
    make_room_for_stayer(number, head.units, now_ns);
    const auto record = std::span(rooms_[number]).first(head.units * words_per_unit);
    parts_[number]->newcomers.read_own(position, record);
    move(number, record, ring_number(number, Into::newcomers), position, 0);
}

void AnswerMemory::make_room_for_stayer(unsigned number, std::size_t units, std::uint64_t now_ns) {
    Part& part = *parts_[number];
    Ring& ring = part.stayers;
    const std::uint16_t own = ring_number(number, Into::stayers);
    for (unsigned moved = 0; !ring.has_room(units);) {
        const Position position = ring.oldest();
        std::array<std::uint64_t, head_words> first;
        ring.read_own(position, first);
        const KeptHead head = head_of(first);
        AnswerIndex::Instead place;
        const bool stays = moved < most_moved_for_one && find_own(head.hash, own, position, place) &&
                           place.as_seen.credit > 0 && is_of_use(part, head, now_ns);
        const auto record = std::span(rooms_[number]).first(stays ? head.units * words_per_unit : 0);
        ring.read_own(position, record);  // before its place is free: it may be what it is written over
        ring.drop_oldest();
        --part.entries;
        if (stays && ring.has_room(head.units)) {
            move(number, record, own, position, static_cast<std::uint8_t>(place.as_seen.credit - 1));
            ++moved;
        } else {
            strike_out(number, head, own, position, now_ns);
        }
    }
}

void AnswerMemory::move(unsigned number, std::span<const std::uint64_t> record, std::uint16_t from_ring, Position from,
                        std::uint8_t credit) {
    Part& part = *parts_[number];
    const Position to = part.stayers.append(record);
    ++part.entries;
    AnswerIndex::Instead place;
    // Again where somebody asked for it at this moment; that ends, as a slot counts only so far.
    while (find_own(head_of(record).hash, from_ring, from, place)) {
        const auto lower = static_cast<std::uint32_t>(to);
        if (index_.move(place.number, place.as_seen, ring_number(number, Into::stayers), lower, credit)) return;
    }
}

void AnswerMemory::strike_out(unsigned number, const KeptHead& head, std::uint16_t ring, Position position,
                              std::uint64_t now_ns) {
    AnswerIndex::Instead place;
    while (find_own(head.hash, ring, position, place)) {
        if (!index_.remove(place.number, place.as_seen)) continue;
        Part& part = *parts_[number];
        if (is_of_use(part, head, now_ns)) part.evicted.push_back(head.account);
        return;
    }
}

AnswerMemory::Counts AnswerMemory::counts(unsigned number) const {
    const Part& part = *parts_[number];
    Counts counts;
    counts.entries = part.entries;
    counts.used_bytes = (part.newcomers.used_units() + part.stayers.used_units()) * unit_bytes;
    return counts;
}

}  // namespace dproxy::cache
