// SPDX-License-Identifier: MIT
#include "upstreams/upstream_stream.hpp"

#include <utility>

#include "queries/turn.hpp"
#include "upstreams/limits.hpp"
#include "upstreams/stream_carrier.hpp"
#include "upstreams/upstream.hpp"

namespace dproxy::proxy {

namespace {

constexpr LinkTraits stream_traits{.is_stream = true, .most_at_once = queries_per_stream};

}  // namespace

UpstreamStream::UpstreamStream(Upstream& upstream, StreamCarrier& carrier, const StreamOwner& owner,
                               std::unique_ptr<io::StreamFilter> filter)
    : StreamLink(upstream, carrier, stream_traits, owner, filter.get()),
      stream_(upstream.context().io, upstream.spec().key.endpoint, this->owner().header(), *this,
              upstream.context().meter, std::move(filter)) {}

UpstreamStream::~UpstreamStream() { close(); }

Ticket UpstreamStream::draw_ticket() {
    Ticket id;
    do {
        id = upstream().context().random.next();
    } while (is_waited_for(id));
    return id;
}

void UpstreamStream::on_connected() {
    const Turn turn(upstream().context().events);
    opened();
}

void UpstreamStream::on_messages(io::MessageStream::Incoming& incoming) {
    const Turn turn(upstream().context().events);
    while (const auto message = incoming.next()) {
        if (message->size() < dns::header_length) {
            upstream().context().counters.dropped[telemetry::Drop::reply_malformed].add();
        } else {
            take(dns::id_of(*message), *message);
        }
    }
    carrier().has_served(*this);
}

void UpstreamStream::on_end(io::StreamEnd how, std::error_code error) {
    const Turn turn(upstream().context().events);
    end(how, error);
}

}  // namespace dproxy::proxy
