// SPDX-License-Identifier: MIT
// However the header in front of a connection comes in pieces, the same is read, nothing of what is behind it is
// taken, and a datagram says the same as a connection. The first byte of the input sets the length of the pieces.
#include <algorithm>

#include "fuzz.hpp"
#include "net/received_proxy_header.hpp"

using namespace dproxy::net;

namespace {

using Bytes = std::span<const std::uint8_t>;
using State = ProxyHeaderReader::State;

ProxyHeaderReader read(Bytes stream, std::size_t chunk) {
    ProxyHeaderReader reader;
    while (!stream.empty() && reader.state() == State::incomplete) {
        const std::size_t count = std::min(chunk, stream.size());
        const std::size_t most = reader.most_wanted();
        const std::size_t taken = reader.take(stream.first(count));
        MUST_HOLD(taken != 0 && taken <= count && taken <= most);
        MUST_HOLD(taken == count || reader.state() != State::incomplete);
        stream = stream.subspan(taken);
    }
    MUST_HOLD(reader.length() <= longest_proxy_header);
    return reader;
}

bool same(const std::optional<ProxiedEnds>& a, const std::optional<ProxiedEnds>& b) {
    return a.has_value() == b.has_value() && (!a || (a->source == b->source && a->destination == b->destination));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes stream(data + 1, size - 1);
    const ProxyHeaderReader whole = read(stream, size);
    for (const std::size_t chunk : {std::size_t{data[0]} + 1, std::size_t{1}}) {
        const ProxyHeaderReader pieces = read(stream, chunk);
        MUST_HOLD(pieces.state() == whole.state() && same(pieces.ends(), whole.ends()));
        MUST_HOLD(whole.state() == State::malformed || pieces.length() == whole.length());
    }
    const auto datagram = read_datagram_proxy_header(stream);
    if (!datagram) return 0;
    MUST_HOLD(whole.state() == State::complete && whole.length() == datagram->length);
    MUST_HOLD(same(datagram->ends, whole.ends()));
    return 0;
}
