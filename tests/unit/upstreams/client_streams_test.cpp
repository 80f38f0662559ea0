// SPDX-License-Identifier: MIT
#include "upstreams/client_streams.hpp"

#include <algorithm>

#include "catch.hpp"
#include "unit/upstreams/one_upstream.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/upstream_stream.hpp"

using namespace dproxy;
using namespace dproxy::proxy;

namespace {

/// Nothing listens there, and the loop never runs.
struct Trial : OneUpstream {
    StreamCarrier carrier{upstream, context};

    Trial() : OneUpstream(*net::Endpoint::parse("127.0.0.1", 9)) {}

    std::unique_ptr<UpstreamStream> stream_of(std::uint32_t serial) {
        Client client;
        client.transport = Transport::tcp;
        client.serial = serial;
        const std::uint8_t header[] = {1, 2, 3};
        return std::make_unique<UpstreamStream>(upstream, carrier, StreamOwner(client, header));
    }
};

}  // namespace

TEST_CASE("a client's connections to upstreams are found until they are closed", "[client_streams]") {
    Trial trial;
    const ClientStreams& known = trial.context.client_streams;
    const auto first = trial.stream_of(7);
    const auto second = trial.stream_of(7);
    auto others = trial.stream_of(8);
    const auto found = known.of(7);
    CHECK(found.size() == 2);
    CHECK(std::count(found.begin(), found.end(), first.get()) == 1);
    CHECK(std::count(found.begin(), found.end(), second.get()) == 1);
    CHECK(known.of(8) == std::vector<StreamLink*>{others.get()});
    CHECK(known.of(9).empty());
    first->close();
    CHECK(known.of(7) == std::vector<StreamLink*>{second.get()});
    others.reset();
    CHECK(known.of(8).empty());
}

TEST_CASE("a connection of anybody's is no client's", "[client_streams]") {
    Trial trial;
    const UpstreamStream shared(trial.upstream, trial.carrier, StreamOwner());
    CHECK(trial.context.client_streams.of(0).empty());
}
