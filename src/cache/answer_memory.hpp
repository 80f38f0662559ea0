// SPDX-License-Identifier: MIT
// The answers of all workers. Each worker writes a part of its own and reads all; nobody waits for anybody. What goes
// when there is no room is chosen as S3-FIFO does (Yang et al., "FIFO queues are all you need for cache eviction",
// SOSP 2023): newcomers lie in a small ring, and only what is asked for again moves to the large one, so that names
// that are asked for once push out nothing but each other. While the large one has room, all may stay.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cache/answer_index.hpp"
#include "cache/ghosts.hpp"
#include "cache/kept_answer.hpp"
#include "cache/limits.hpp"
#include "cache/ring.hpp"

namespace dproxy::cache {

/// Room for one record, to be reused. One thread.
using RecordRoom = std::vector<std::uint64_t>;
RecordRoom make_record_room();

/// An answer that was found, copied.
struct Found {
    std::span<const std::uint64_t> words;  ///< in the room that was given; empty: there is none
    AnswerIndex::Instead place;            ///< where it stands in the index, to put another there
    unsigned hits = 0;                     ///< how often it was asked for before

    explicit operator bool() const { return !words.empty(); }
};

class AnswerMemory {
public:
    static constexpr std::size_t least_bytes = std::size_t{64} << 10;
    static constexpr unsigned most_parts = Slot::max_rings / 2;
    static constexpr std::uint64_t never_forgotten = ~std::uint64_t{0};

    /// Address space only, taken at once; pages take memory as they are written. Throws std::bad_alloc.
    /// `bytes`: of all together, at least least_bytes for each part.
    AnswerMemory(std::size_t bytes, unsigned parts);
    ~AnswerMemory();
    AnswerMemory(const AnswerMemory&) = delete;
    AnswerMemory& operator=(const AnswerMemory&) = delete;

    // Any thread.

    /// Bytes of all together, as they were given, rounded down to whole lines.
    std::size_t size() const { return mapped_bytes_; }
    /// Fresh or stale; never one that is over.
    Found find(const QuestionKey& key, std::uint64_t now_ns, std::span<std::uint64_t> room) const;
    /// It was given to somebody.
    void count_hit(const Found& found) { index_.count_hit(found.place.number, found.place.as_seen); }
    /// Those of which `matches` says so are no more, and no reply to what was asked before `now_ns` is kept from now
    /// on, as it may be one of them. Takes a while where there is much; queries go on beside it. Returns how many.
    template <typename Matches>
    std::size_t forget(const Matches& matches, std::uint64_t now_ns);

    // The worker of the part.

    /// First: what it takes to write it.
    void open(unsigned part);
    /// Those that QuestionKey::route may be from now on, in ascending order; before the first call it may be any. What
    /// lies there of others is of no use to anybody: it goes before what is, and no more of it is kept.
    void adopt(unsigned part, std::vector<std::uint32_t> routes);
    /// The record that make_kept() made, instead of the one that was found for its question, if there was one (also one
    /// that is over). False where it is too large, another thread was quicker, something was forgotten since it was
    /// asked for, or its route is no more.
    bool keep(unsigned part, std::span<const std::uint64_t> record, std::uint64_t asked_ns = never_forgotten);

    /// Of the answers that the last keep() of the part cost, which went for want of room while they were of use: the
    /// accounts (see Coming).
    std::span<const std::uint16_t> evicted(unsigned part) const { return parts_[part]->evicted; }

    struct Counts {
        std::uint64_t entries = 0;     ///< that lie there, with those that were replaced and have yet to go
        std::uint64_t used_bytes = 0;  ///< by these
    };
    /// Of one part; the worker's.
    Counts counts(unsigned part) const;

private:
    struct Part {
        Part(std::span<Word> for_newcomers, std::span<Word> for_stayers, std::span<std::uint32_t> for_ghosts)
            : newcomers(for_newcomers), stayers(for_stayers), ghosts(for_ghosts) {}
        Ring newcomers;
        Ring stayers;
        Ghosts ghosts;
        std::uint64_t entries = 0;
        std::vector<std::uint16_t> evicted;
        std::optional<std::vector<std::uint32_t>> routes{};  ///< none: any
    };
    struct Layout;
    enum class Into : std::uint8_t { newcomers, stayers };

    static constexpr std::uint16_t ring_number(unsigned part, Into into) {
        return static_cast<std::uint16_t>(part * 2 + (into == Into::stayers ? 1 : 0));
    }
    const Ring& ring(std::uint16_t number) const;
    /// Copies the record; nothing where it is being overwritten.
    std::span<const std::uint64_t> read(const Slot& slot, std::span<std::uint64_t> room) const;
    /// Where the index has the record that lies there.
    bool find_own(std::uint64_t hash, std::uint16_t ring, Position position, AnswerIndex::Instead& out) const;
    bool find_same(const QuestionKey& key, std::span<std::uint64_t> room, AnswerIndex::Instead& out) const;
    bool is_forgotten(std::uint64_t asked_ns) const { return asked_ns < forgotten_ns_.load(std::memory_order_seq_cst); }
    static bool is_in_force(const Part& part, std::uint32_t route);
    /// Somebody may yet be answered with it.
    static bool is_of_use(const Part& part, const KeptHead& head, std::uint64_t now_ns);
    /// It is not found any more.
    void take_back(const QuestionKey& key, std::span<std::uint64_t> room);
    void make_room_for_newcomer(unsigned part, std::size_t units, std::uint64_t now_ns);
    /// Who was asked for since it was looked at last comes to the other end again.
    void make_room_for_stayer(unsigned part, std::size_t units, std::uint64_t now_ns);
    void drop_oldest_newcomer(unsigned part, std::uint64_t now_ns);
    /// A newcomer finds room among the stayers, if need be where the oldest are of no use or were replaced: these
    /// go.
    bool has_room_beside_the_good(unsigned part, std::size_t units, std::uint64_t now_ns);
    /// Moves the oldest newcomer to the stayers.
    void let_stay(unsigned part, const KeptHead& head, Position position, std::uint64_t now_ns);
    /// Appends the record to the ring, and has the index say so in place of where it was.
    void move(unsigned part, std::span<const std::uint64_t> record, std::uint16_t from_ring, Position from,
              std::uint8_t credit);
    /// Takes it out of the index.
    void strike_out(unsigned part, const KeptHead& head, std::uint16_t ring, Position position, std::uint64_t now_ns);

    std::atomic<std::uint64_t> forgotten_ns_{0};
    std::size_t mapped_bytes_;
    void* memory_;
    AnswerIndex index_;
    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<RecordRoom> rooms_;  ///< of each part, for what moves
};

template <typename Matches>
std::size_t AnswerMemory::forget(const Matches& matches, std::uint64_t now_ns) {
    // First: whoever keeps something looks here after it stands in the index, so it is seen there or takes it back.
    forgotten_ns_.store(now_ns, std::memory_order_seq_cst);
    RecordRoom room = make_record_room();
    std::size_t forgotten = 0;
    for (std::size_t number = 0; number < index_.slots(); ++number) {
        Slot slot;
        // Again where somebody asked for it or moved it at this moment.
        while (index_.read(number, slot)) {
            const auto words = read(slot, room);
            // What is in the midst of being moved goes as well: it cannot be seen what it is.
            if (!words.empty() && !matches(KeptAnswer(words))) break;
            if (!index_.remove(number, slot)) continue;
            ++forgotten;
            break;
        }
    }
    return forgotten;
}

}  // namespace dproxy::cache
