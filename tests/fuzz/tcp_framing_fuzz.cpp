// SPDX-License-Identifier: MIT
// However a stream is cut into chunks, the same messages come out of it. The first byte of the input sets
// the length of the chunks.
#include <algorithm>
#include <vector>

#include "dns/tcp_framing.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

namespace {

struct Received {
    std::vector<std::vector<std::uint8_t>> messages;
    bool failed = false;
    bool has_unread = false;
    bool operator==(const Received&) const = default;
};

Received receive(Bytes stream, std::size_t chunk) {
    StreamFramer framer;
    Received received;
    while (!stream.empty()) {
        const MutableBytes space = framer.space();
        MUST_HOLD(!space.empty() && framer.capacity() <= StreamFramer::max_capacity);
        const std::size_t count = std::min({chunk, space.size(), stream.size()});
        std::copy_n(stream.begin(), count, space.begin());
        framer.commit(count);
        stream = stream.subspan(count);
        while (const auto message = framer.next()) received.messages.emplace_back(message->begin(), message->end());
    }
    received.failed = framer.failed();
    received.has_unread = framer.has_unread();
    return received;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes stream(data + 1, size - 1);
    const Received whole = receive(stream, size);
    MUST_HOLD(receive(stream, std::size_t{data[0]} + 1) == whole);
    MUST_HOLD(receive(stream, 1) == whole);
    return 0;
}
