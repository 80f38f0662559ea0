// SPDX-License-Identifier: MIT
#include "relay/answer_rooms.hpp"

#include <cassert>

namespace dproxy::proxy {

dns::MutableBytes AnswerRooms::take(std::size_t bytes) {
    assert(bytes <= piece_bytes);
    if (in_use_ == 0 || piece_bytes - taken_ < bytes) {
        // Not cleared: most of it is never written to.
        if (in_use_ == blocks_.size()) blocks_.emplace_back(new std::uint8_t[piece_bytes]);
        ++in_use_;
        taken_ = 0;
    }
    std::uint8_t* const at = blocks_[in_use_ - 1].get() + taken_;
    taken_ += bytes;
    return {at, bytes};
}

void AnswerRooms::give_back() {
    in_use_ = taken_ = 0;
    if (blocks_.size() > most_blocks_kept) blocks_.resize(most_blocks_kept);
}

}  // namespace dproxy::proxy
