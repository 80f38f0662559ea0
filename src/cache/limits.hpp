// SPDX-License-Identifier: MIT
// Limits of what is kept of answers; told in docs/operations.md.
// Held by tests/unit/cache/answer_memory_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dns/message.hpp"

namespace dproxy::cache {

/// Of a worker's part, where an answer that was not kept lately lies first: a tenth (S3-FIFO, Yang et al. 2023). It may
/// stay in the rest while that has room.
inline constexpr std::size_t part_of_newcomers = 10;
/// Askings after the first that make a newcomer stay.
inline constexpr unsigned askings_to_stay = 1;
/// An answer takes at most this part of the memory of newcomers: no single one may push out all others.
inline constexpr std::size_t part_of_one_answer = 4;
/// For each answer that is kept, so many others at most are looked at for one to go.
inline constexpr unsigned most_moved_for_one = 32;
/// Bytes of memory for each place in the index. The smallest answers take about as many, most take twice as many: so
/// it is the rings that are full first, and buckets seldom are.
inline constexpr std::size_t bytes_for_a_place = 96;
/// Bytes of a worker's part for each two ghosts that it remembers at most: about as many as answers that lie there.
inline constexpr std::size_t bytes_for_two_ghosts = 192;
/// What a record of the memory takes at most: the largest message, its TTLs, and what says whose it is.
inline constexpr std::size_t max_record_bytes = 2 * dns::max_message_length;
/// Answers with more records are not kept.
inline constexpr std::size_t max_kept_records = 2048;

}  // namespace dproxy::cache
