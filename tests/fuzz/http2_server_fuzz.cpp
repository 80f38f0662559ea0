// SPDX-License-Identifier: MIT
// Frames of a client, behind its preface, in pieces whose length the first byte sets: whatever they are, each request
// is told once and, where it is given up, told once as cancelled; what is held stays within limits; an end is for good.
#include <algorithm>
#include <set>

#include "fuzz.hpp"
#include "http/preface.hpp"
#include "http2/limits.hpp"
#include "http2/server_session.hpp"

using namespace dproxy;

namespace {

/// What a session says after each piece.
struct Owner {
    http2::ServerSession session;
    std::set<http::RequestId> known;
    std::set<http::RequestId> awaited;
    std::vector<std::uint8_t> to_client;

    void look(bool answers) {
        while (const auto request = session.next_request()) {
            MUST_HOLD(request->message.size() >= dns::header_length);
            MUST_HOLD(known.insert(request->id).second);
            awaited.insert(request->id);
        }
        while (const auto id = session.next_cancelled()) MUST_HOLD(awaited.erase(*id) == 1);
        while (session.next_refused()) {}
        MUST_HOLD(session.in_flight() == awaited.size() && awaited.size() <= http2::concurrent_streams);
        if (answers && !awaited.empty()) {
            const http::RequestId id = *awaited.begin();
            MUST_HOLD(session.answer(id, std::vector<std::uint8_t>(300)));
            awaited.erase(id);
        }
        to_client.clear();
        session.fetch(to_client, 100'000);
        MUST_HOLD(session.held_bytes() < 2'000'000);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const http::Place place{"/dns-query", net::NetworkList({*net::Network::parse("10.0.0.0/8")})};
    if (size == 0) return 0;
    Owner owner{{place, net::Address::v4(10, 0, 0, 1)}, {}, {}, {}};
    const std::size_t chunk = std::size_t{data[0]} + 1;
    const bool answers = data[0] % 2 == 0;
    const std::string_view preface = http::http2_preface;
    owner.session.take({reinterpret_cast<const std::uint8_t*>(preface.data()), preface.size()}, 1);
    for (dns::Bytes rest(data + 1, size - 1); !rest.empty();) {
        const std::size_t count = std::min(chunk, rest.size());
        owner.session.take(rest.first(count), 1);
        rest = rest.subspan(count);
        const bool was_over = owner.session.end() != http::SessionEnd::not_yet;
        owner.look(answers);
        MUST_HOLD(!was_over || owner.session.state() == http::ServerSession::State::ended);
    }
    owner.session.finish();
    owner.session.finish();
    owner.look(answers);
    return 0;
}
