// SPDX-License-Identifier: MIT
// A nameserver of a run: what it makes of a query, by UDP and TCP, honest or not, and how it fares over time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "net/address.hpp"
#include "simulation/kernel.hpp"
#include "simulation/ledger.hpp"
#include "simulation/messages.hpp"
#include "simulation/tcp_socket.hpp"

namespace dproxy::simulation {

/// What is the case for a while.
enum class Condition : std::uint8_t { well, dark, refusing, unreachable, garbage, failing, slow };

/// How a nameserver is, for as long as the run takes. Chances in percent.
struct Character {
    std::uint64_t latency = 2 * millisecond;
    std::uint64_t jitter = 2 * millisecond;
    unsigned silent = 1;          ///< to a query
    unsigned odd_rcode = 5;
    unsigned truncates = 2;
    unsigned refuses_edns = 0;    ///< FORMERR to every OPT, of so many queries
    unsigned wants_cookies = 0;
    unsigned large = 3;
    unsigned doubles = 2;
    unsigned late = 2;
    unsigned forged = 3;          ///< somebody sends replies in its name, beside its own
    unsigned flooded = 0;         ///< the same, by the hundred
    std::size_t closes_after = 0; ///< replies on one connection; 0: never
    unsigned cuts = 0;            ///< TCP: ends in the midst, or resets
    unsigned stalls = 0;          ///< TCP: takes nothing for a while
    bool one_at_a_time = false;   ///< TCP: takes the next connection when the one before has ended
    bool no_tcp = false;
};

struct Reply {
    test::Octets bytes;
    std::uint64_t wait = 0;
};

class Nameserver {
public:
    Nameserver(Kernel& kernel, Ledger& ledger, Journal& journal, Random random, const net::Endpoint& endpoint);

    const net::Endpoint& endpoint() const { return endpoint_; }
    Condition condition() const { return condition_; }
    void change_condition();
    void go_dark() { condition_ = Condition::dark; }
    /// Towards the end: it is well again.
    void recover() { condition_ = Condition::well; }

    /// A datagram came, with what PROXY puts in front; a reply goes to `from`.
    void on_datagram(const net::Endpoint& from, const std::vector<std::uint8_t>& bytes);
    std::shared_ptr<TcpPeer> on_connect(const std::shared_ptr<TcpSocket>& socket, int& error);

private:
    class Connection;
    std::vector<Reply> replies_to(dns::Bytes query, bool over_tcp);
    std::vector<Reply> transfer(dns::Bytes query, const dns::Query& read);
    std::uint16_t draw_rcode(const dns::Query& read, bool over_tcp);
    void forge(const net::Endpoint& to, dns::Bytes query);
    test::Octets forged_reply(dns::Bytes query);
    void send(const net::Endpoint& to, test::Octets bytes, std::uint64_t wait);
    std::uint64_t reply_time();

    Kernel& kernel_;
    Ledger& ledger_;
    Journal& journal_;
    Random random_;
    net::Endpoint endpoint_;
    Character character_;
    Condition condition_ = Condition::well;
    std::size_t connections_ = 0;
};

/// Without what PROXY puts in front (version 2), where it stands there.
dns::Bytes without_proxy_header(dns::Bytes bytes);

}  // namespace dproxy::simulation
