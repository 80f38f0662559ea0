// SPDX-License-Identifier: MIT
// Zone transfers (AXFR, IXFR) over TCP: each has an upstream connection of its own, and its messages go
// to the client as they come. Nothing more is read from the upstream while the client does not read.
#pragma once

#include <memory>
#include <vector>

#include "clients/client_sides.hpp"
#include "dns/query.hpp"
#include "relay/owed.hpp"
#include "relay/route_inflight.hpp"
#include "upstreams/generation.hpp"

namespace dproxy::proxy {

/// What a client asked for. The message has the client's ID.
struct TransferRequest {
    Client client;
    dns::Query query;
    std::vector<std::uint8_t> message;
    std::vector<std::uint8_t> preface;  ///< first on each connection to an upstream
    Generation* generation = nullptr;
    std::uint32_t pool = 0;
    std::uint32_t route = 0;  ///< of the table in force, whose max_inflight it counts against; no_route: it is gone
    telemetry::Slot route_slot = telemetry::other_slot;
    std::uint64_t started_ns = 0;
    Asked asked{};  ///< so far
    std::uint8_t zone_length = 0;  ///< as InFlight has it
};

class TransferEvents {
public:
    /// The first word on a transfer, before anybody is asked.
    virtual void on_transfer_begin(const TransferRequest& request) = 0;
    virtual void on_transfer_message(const TransferRequest& request, bool first, dns::MutableBytes message) = 0;
    /// No upstream gave a first message: the client is owed an answer.
    virtual void on_transfer_failure(const TransferRequest& request, dns::ExtendedError error) = 0;
    /// It gave way to another client's, before a first message: the client is owed an answer.
    virtual void on_transfer_given_way(const TransferRequest& request) = 0;
    /// The last word on a transfer, after everything else.
    virtual void on_transfer_end(const TransferRequest& request) = 0;

protected:
    ~TransferEvents() = default;
};

/// One thread.
class Transfers {
public:
    Transfers(UpstreamContext& context, ClientSides& clients, TransferEvents& events);
    ~Transfers();

    void begin(TransferRequest request);
    /// One of the client network that has most ends, for one of a client whose network has fewer. False: nobody has to.
    bool make_room(const Client& newcomer);
    bool empty() const { return transfers_.empty(); }
    /// Under way now: each counts as one query in flight.
    std::size_t count() const { return under_way_; }

    void on_client_drained(const Client& client);
    void on_client_gone(const Client& client);
    /// Ends those whose upstream is silent for longer than the route's timeout.
    void tick();
    void cut_all();
    /// A table takes the place of another: those under way count against the same routes of it.
    void succeed(RouteSuccession& succession, RouteInflight& inflight);
    /// Between two turns: destroys those that have ended.
    void clear_ended();

private:
    class Transfer;

    UpstreamContext& context_;
    ClientSides& clients_;
    TransferEvents& events_;
    std::vector<std::unique_ptr<Transfer>> transfers_;  ///< with those that have ended, until clear_ended()
    std::size_t under_way_ = 0;
};

}  // namespace dproxy::proxy
