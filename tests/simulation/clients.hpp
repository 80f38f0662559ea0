// SPDX-License-Identifier: MIT
// The clients of a run: what they ask, by UDP and TCP, and how they behave on connections.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "simulation/kernel.hpp"
#include "simulation/ledger.hpp"
#include "simulation/messages.hpp"
#include "simulation/routes.hpp"
#include "simulation/tcp_socket.hpp"

namespace dproxy::simulation {

inline constexpr std::uint16_t dns_port = 53;

class Clients {
public:
    Clients(Kernel& kernel, Ledger& ledger, Journal& journal, Random random, const Routes& routes);
    ~Clients();

    /// Of one run; the busiest have asked as many in a second or two.
    static constexpr std::uint64_t most_questions = 6'000;
    static constexpr std::uint64_t flood_questions = 7'000;  ///< besides
    static constexpr std::uint64_t usual_spread_ns = 300 * microsecond;

    /// Plans what they do until then, or until they have asked so much.
    void begin(std::uint64_t until);
    /// For a while more comes than can be read, most of it from one network.
    void flood();
    /// Queries without an answer yet, on connections whose clients take answers.
    std::uint64_t unanswered() const;
    /// Ends all connections, on which all `should_be_answered` by now.
    void leave(bool should_be_answered);

private:
    class Connection;
    /// Plans the next of what it does, again and again.
    void next();
    void act();
    void burst();
    void flood_on(std::uint64_t left);
    void ask_by_udp(const net::Endpoint& client, const std::string& name = {});
    void connect();
    net::Endpoint draw_client();
    /// `shared`: a name that is asked for at the same time by others; empty: one of its own, or of a few.
    Asked draw_question(const net::Endpoint& client, bool over_tcp, const std::string& shared = {});
    test::Octets draw_message(Asked& asked, const std::string& name, bool over_tcp);
    void add_edns(test::Packet& packet, const net::Address& client, bool over_tcp);
    test::Octets draw_cookie(const net::Address& client);
    test::Packet draw_loop_probe(Asked& asked);
    /// What nobody should send.
    test::Octets spoil(test::Octets message);

    Kernel& kernel_;
    Ledger& ledger_;
    Journal& journal_;
    Random random_;
    const Routes& routes_;
    std::uint64_t until_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t most_ = most_questions;
    std::uint64_t wait_;  ///< between two of what they do, at the most
    unsigned tcp_share_;  ///< percent
    unsigned lossy_;
    std::string domain_;           ///< of a burst that asks one route; empty: of any
    std::uint64_t spread_ns_ = usual_spread_ns;  ///< of a burst: within so long it comes
    std::vector<std::shared_ptr<Connection>> connections_;
};

}  // namespace dproxy::simulation
