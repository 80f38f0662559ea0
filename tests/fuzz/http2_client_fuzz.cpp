// SPDX-License-Identifier: MIT
// Frames of a server, in pieces whose length the first byte sets: whatever they are, each question that was asked ends
// once, those that were given up never, and what is held stays within limits.
#include <algorithm>
#include <set>

#include "fuzz.hpp"
#include "http2/client_session.hpp"
#include "http2/limits.hpp"

using namespace dproxy;

namespace {

struct Owner {
    http2::ClientSession session;
    std::set<http2::StreamId> waiting;
    std::vector<std::uint8_t> to_server;

    void ask() {
        const auto id = session.ask(std::vector<std::uint8_t>(20));
        MUST_HOLD(!id || waiting.insert(*id).second);
    }
    void give_up() {
        if (waiting.empty()) return;
        session.cancel(*waiting.begin());
        waiting.erase(waiting.begin());
    }
    void look() {
        to_server.clear();
        session.fetch(to_server, 100'000);
        while (const auto reply = session.next_reply()) {
            MUST_HOLD(waiting.erase(reply->id) == 1);
            MUST_HOLD((reply->outcome == http2::Outcome::answered) == !reply->message.empty());
        }
        MUST_HOLD(session.held_bytes() < 8'000'000);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const http2::Resource resource{"dns.test", "/dns-query"};
    if (size == 0) return 0;
    Owner owner{http2::ClientSession(resource), {}, {}};
    const std::size_t chunk = std::size_t{data[0]} + 1;
    for (int count = 0; count < 5; ++count) owner.ask();
    owner.look();
    for (dns::Bytes rest(data + 1, size - 1); !rest.empty();) {
        const std::size_t count = std::min(chunk, rest.size());
        owner.session.take(rest.first(count), 1);
        rest = rest.subspan(count);
        owner.look();
        if (rest.size() % 3 == 0) owner.ask();
        if (rest.size() % 7 == 0) owner.give_up();
    }
    owner.session.take_end();
    owner.look();
    MUST_HOLD(owner.waiting.empty());
    return 0;
}
