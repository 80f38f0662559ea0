// SPDX-License-Identifier: MIT
// Memory for answers that are made here and have no room of their client's side: taken piece by piece, given back all
// at once, and used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dns/message.hpp"

namespace dproxy::proxy {

/// One thread.
class AnswerRooms {
public:
    /// Of a piece at most: the largest message, with room for what an answer may be larger before it is cut.
    static constexpr std::size_t piece_bytes = 2 * dns::max_message_length;
    /// Blocks of that size that stay after clear(); further ones go. Only pages that were written to take memory.
    static constexpr std::size_t most_blocks_kept = 4;

    /// Good until clear(). Throws std::bad_alloc where a block more is needed and there is none.
    dns::MutableBytes take(std::size_t bytes);
    void clear() {
        if (in_use_ != 0) give_back();
    }

private:
    void give_back();

    std::vector<std::unique_ptr<std::uint8_t[]>> blocks_;
    std::size_t in_use_ = 0;  ///< of the blocks, from the first one on
    std::size_t taken_ = 0;   ///< bytes of the last of these
};

}  // namespace dproxy::proxy
