// SPDX-License-Identifier: MIT
// However a connection's bytes come in pieces, the same requests come out of them and the same bytes go back (but for
// 100 Continue, which is said while there is something to wait for), and no more is held than limits allow. The first
// byte of the input sets the length of the pieces.
#include <algorithm>
#include <string_view>
#include <vector>

#include "fuzz.hpp"
#include "http/http1_session.hpp"
#include "http/limits.hpp"

using namespace dproxy;

namespace {

struct Said {
    std::vector<std::vector<std::uint8_t>> messages;
    std::vector<std::uint8_t> to_client;
    http::SessionEnd end = http::SessionEnd::not_yet;
    bool operator==(const Said&) const = default;
};

Said serve(dns::Bytes stream, std::size_t chunk) {
    static const http::Place place{"/dns-query", net::NetworkList({*net::Network::parse("10.0.0.0/8")})};
    http::Http1Session session(place, net::Address::v4(10, 0, 0, 1));
    Said said;
    while (!stream.empty()) {
        const std::size_t count = std::min(chunk, stream.size());
        session.take(stream.first(count), 0);
        stream = stream.subspan(count);
        do {
            while (const auto request = session.next_request()) {
                said.messages.push_back(request->message);
                MUST_HOLD(session.answer(request->id, request->message));
            }
            session.fetch(said.to_client, said.to_client.size() + 1);
        } while (session.queued_bytes() != 0);
        MUST_HOLD(session.held_bytes() < 8 * http::pipelined_bytes + 4 * http::unfetched_bytes);
    }
    said.end = session.end();
    return said;
}

bool waits_to_go_on(dns::Bytes stream) {
    constexpr std::string_view expect = "expect";
    return std::search(stream.begin(), stream.end(), expect.begin(), expect.end(), [](std::uint8_t byte, char letter) {
               return (byte | 0x20) == letter;
           }) != stream.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const dns::Bytes stream(data + 1, size - 1);
    const Said whole = serve(stream, 512);
    const Said pieces = serve(stream, std::size_t{data[0]} + 1);
    MUST_HOLD(pieces.messages == whole.messages);
    // Of a head whose end has not come, Beast looks at the beginning in one go only.
    const bool waits = whole.end != pieces.end && pieces.end == http::SessionEnd::not_yet;
    MUST_HOLD(waits || waits_to_go_on(stream) || pieces == whole);
    return 0;
}
