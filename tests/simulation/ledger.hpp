// SPDX-License-Identifier: MIT
// What clients asked and what became of it, as the world saw it: kept beside the worker, to be compared with what it
// says.
#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "dns/query.hpp"
#include "net/address.hpp"
#include "publication/publication.hpp"
#include "simulation/journal.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::simulation {

/// One message of a client's.
struct Asked {
    std::uint64_t number = 0;
    bool over_tcp = false;
    bool shares_name = false;  ///< others ask for the same name: what upstreams see is not only this one's
    net::Endpoint client;
    net::Endpoint at;  ///< the worker's address that was asked
    std::vector<std::uint8_t> message;
    dns::Query query;  ///< of the message, as it is read
    std::uint32_t marker = 0;  ///< stands in each answer to this question

    unsigned reads = 0;    ///< the worker has taken it so often from its socket
    unsigned answers = 0;
    unsigned silent = 0;   ///< of the reads, those that came to their time without an answer
    bool blocked = false;  ///< TCP: the client does not take answers, or its connection is gone
    std::uint64_t due_ns = 0;

    // Where it goes, when it was read.
    std::shared_ptr<const proxy::PoolSet> pools;
    const proxy::Pool* pool = nullptr;  ///< null: nowhere
    unsigned on_wire = 0;  ///< messages that upstreams were sent
    unsigned refused = 0;  ///< how often a server would not look at it: with something less, it may be asked again
    unsigned excused = 0;  ///< how often it was lost with a connection: what may be repeated is no attempt then
    bool was_sent = false;      ///< by UDP,
    std::uint16_t sent_id = 0;  ///< the last time under this ID

    bool is_dropped_by_form() const {
        return query.form == dns::QueryForm::too_short || query.form == dns::QueryForm::response;
    }
    bool is_plain_query() const { return query.opcode == 0; }
};

/// What passed the worker's sockets, to be compared with its counters.
struct Seen {
    std::uint64_t udp_reads = 0;            ///< of clients, all
    std::uint64_t good_reads = 0;           ///< less those that are dropped for their form
    std::uint64_t short_messages = 0, responses = 0, port_zero = 0, mapped = 0, cut = 0;
    std::uint64_t udp_answers = 0;          ///< given away, whether they could be sent or not
    std::uint64_t udp_answers_failed = 0;
    std::uint64_t tcp_answers = 0;
    std::uint64_t tcp_questions = 0;        ///< sent by clients
    telemetry::CounterBy<telemetry::RcodeLabel> udp_rcodes;
    std::uint64_t upstream_sends = 0;       ///< datagrams to upstreams, given away, whether they could be sent or not
    std::uint64_t upstream_sends_failed = 0;
    std::uint64_t unsent = 0;               ///< queries over UDP that failed before anything of them was seen to leave
    std::uint64_t repetitions = 0;          ///< of them, those of a query that had gone up before,
    std::uint64_t same_ids = 0;             ///< under the ID of the time before
    std::uint64_t upstream_reads = 0;       ///< datagrams from upstreams
    std::uint64_t tcp_replies = 0;          ///< messages that upstreams sent over TCP
    std::uint64_t open_failures = 0;        ///< sockets that could not be had
    std::uint64_t moves = 0;                ///< attempts that the worker may have made over TCP of its own accord
};

class Ledger {
public:
    explicit Ledger(Journal& journal) : journal_(journal) {}

    /// A client is about to send it.
    Asked& enter(Asked asked);
    Asked* find(std::uint64_t number);
    /// The client has a question under way with this ID, or had.
    bool is_taken(const net::Endpoint& client, const net::Endpoint& at, std::uint16_t id) const;
    /// The worker takes it from its UDP socket.
    void read(std::uint64_t number, std::uint64_t now, const proxy::Publication& publication);
    /// Where a query goes now.
    static const proxy::Pool* pool_of(const proxy::Publication& publication, const Asked& asked);

    /// An answer leaves by UDP, or `failed` to. `repeated`: the same did before.
    void answer_udp(const net::Endpoint& from, const net::Endpoint& to, dns::Bytes message, bool failed, bool repeated);
    /// The same towards an upstream.
    void send_up(bool failed, bool repeated);
    /// Forged replies were noticed: what is under way is asked anew over TCP.
    void excuse_guesses();
    /// What is wrong with it as the answer to that question; empty where nothing is.
    std::string fault_of_answer(const Asked& asked, dns::Bytes message) const;
    void answer(Asked& asked, dns::Bytes message);

    /// A message leaves towards an upstream (without what PROXY puts in front).
    void on_wire(const net::Endpoint& upstream, dns::Bytes message);
    /// The same, at the moment when it is given away as a datagram.
    void on_wire_by_udp(const net::Endpoint& upstream, dns::Bytes message);
    /// By the first label of the name; null where that is nobody's alone.
    Asked* by_name(dns::Bytes message);

    /// All that was due by now must have been answered, but for so many that the worker says it dropped.
    void check_due(std::uint64_t now, std::uint64_t dropped);
    /// So many queries over TCP have no answer, and had all the time for it.
    void expect_silence(std::uint64_t queries) { tcp_silent_ += queries; }
    std::uint64_t tcp_silent() const { return tcp_silent_; }
    const std::unordered_map<std::uint64_t, Asked>& all() const { return asked_; }

    Seen seen;

private:
    void count_read(Asked& asked);
    void describe(const Asked& asked);
    void check_attempts(const Asked& asked, unsigned attempts);

    Journal& journal_;
    std::unordered_map<std::uint64_t, Asked> asked_;
    std::unordered_map<std::string, std::uint64_t> by_client_;  ///< UDP: client, address asked, ID
    struct Due {
        std::uint64_t when;
        std::uint64_t number;
        bool operator>(const Due& other) const {
            return when != other.when ? when > other.when : number > other.number;
        }
    };
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::uint64_t tcp_silent_ = 0;
    std::uint64_t silent_ = 0;  ///< UDP reads that came to their time without an answer
};

}  // namespace dproxy::simulation
