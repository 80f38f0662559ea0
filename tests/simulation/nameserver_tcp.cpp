// SPDX-License-Identifier: MIT
// A nameserver's side of TCP connections.
#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "simulation/nameserver.hpp"

namespace dproxy::simulation {

using test::Octets;

class Nameserver::Connection final : public TcpPeer {
public:
    explicit Connection(Nameserver& server) : server_(server) { ++server_.connections_; }
    ~Connection() override { ended(); }

    void on_bytes(dns::Bytes bytes) override {
        received_.insert(received_.end(), bytes.begin(), bytes.end());
        if (at_begin_) {
            const std::size_t rest = without_proxy_header(received_).size();
            received_.erase(received_.begin(), received_.end() - static_cast<std::ptrdiff_t>(rest));
            at_begin_ = false;
        }
        while (received_.size() >= 2) {
            const std::size_t length = dns::read_u16(received_.data());
            if (received_.size() < 2 + length) return;
            const std::vector<std::uint8_t> query(received_.begin() + 2,
                                                  received_.begin() + 2 + static_cast<std::ptrdiff_t>(length));
            received_.erase(received_.begin(), received_.begin() + 2 + static_cast<std::ptrdiff_t>(length));
            on_query(query);
            if (!socket) return;
        }
    }
    void on_finished() override {
        note("the worker closes a connection");
        if (socket) socket->bring_end(0);
        ended();
    }
    void on_reset() override {
        note("the worker resets a connection");
        ended();
    }

private:
    void on_query(const std::vector<std::uint8_t>& query) {
        if (query.size() < dns::header_length) return;
        note("query over TCP");
        if (Asked* const asked = server_.ledger_.by_name(query)) {
            ++asked_[asked->number];
            ++unanswered_[asked->number];
            if (finished_) ++asked->excused;
        }
        server_.ledger_.on_wire(server_.endpoint_, query);
        Random& random = server_.random_;
        if (server_.condition_ == Condition::dark) return;
        if (socket && random.percent(server_.character_.stalls)) stall(random.between(millisecond, 5 * second));
        if (!socket) return;
        if (server_.condition_ == Condition::refusing) return reset();
        bool replied = false;
        for (const Reply& reply : server_.replies_to(query, true)) {
            if (!socket) return;
            if (random.percent(server_.character_.cuts)) return cut(reply);
            Octets framed = test::framed(reply.bytes);
            const bool garbled = server_.condition_ == Condition::garbage;
            if (garbled) garble(framed);
            replied = replied || !garbled;
            note("reply over TCP");
            ++server_.ledger_.seen.tcp_replies;
            socket->bring({framed.begin(), framed.end()}, reply.wait);
        }
        if (Asked* const asked = server_.ledger_.by_name(query); asked && replied) --unanswered_[asked->number];
        if (++answered_ == server_.character_.closes_after) finish();
    }

    /// Another ID, another question, or a stump.
    void garble(Octets& framed) {
        const std::size_t place = server_.random_.one_of<std::size_t>({3, 16, 0});
        if (place == 0) framed = test::framed(Octets(server_.random_.between(1, 11), std::uint8_t{1}));
        if (place != 0 && place < framed.size()) framed[place] = static_cast<std::uint8_t>(framed[place] ^ 1);
    }

    void stall(std::uint64_t wait) {
        socket->stall(true);
        server_.kernel_.timeline().after(wait, [socket = socket] { socket->stall(false); });
    }

    /// Half a message, or one that has no length, or an end at once.
    void cut(const Reply& reply) {
        const Octets framed = test::framed(reply.bytes);
        const auto half = static_cast<std::ptrdiff_t>(framed.size() / 2);
        switch (server_.random_.below(4)) {
            case 0:
                socket->bring({framed.begin(), framed.begin() + half}, reply.wait);
                return finish();
            case 1:
                socket->bring({0, 0}, reply.wait);
                finished_ = true;  // the worker ends it
                return excuse();
            case 2:
                return finish();
            default:
                return reset();
        }
    }
    void finish() {
        if (!socket || std::exchange(finished_, true)) return;
        note("a nameserver closes a connection");
        socket->bring_end(0);
        excuse();
    }
    void reset() {
        if (!socket) return;
        note("a nameserver resets a connection");
        socket->bring_reset(0);
        finished_ = true;
        unanswered_ = asked_;  // what was on its way is lost
        excuse();
        ended();
    }
    /// What is asked again because of the end is no attempt.
    void excuse() {
        for (const auto& [number, times] : unanswered_) {
            if (Asked* const asked = server_.ledger_.find(number)) asked->excused += times;
        }
    }
    void ended() {
        if (!std::exchange(ended_, true)) --server_.connections_;
        unanswered_.clear();
        socket = nullptr;
    }

    /// With the port that the connection has on the worker's side.
    void note(const char* what) {
        server_.journal_.event(what, socket ? socket->local.port : 0, server_.endpoint_, static_cast<int>(answered_));
    }

    Nameserver& server_;
    std::vector<std::uint8_t> received_;
    std::map<std::uint64_t, unsigned> asked_;       ///< how often each question came, by its number
    std::map<std::uint64_t, unsigned> unanswered_;  ///< of these
    std::size_t answered_ = 0;
    bool at_begin_ = true;
    bool finished_ = false;  ///< it has sent its end
    bool ended_ = false;
};

std::shared_ptr<TcpPeer> Nameserver::on_connect(const std::shared_ptr<TcpSocket>& socket, int& error) {
    if (condition_ == Condition::unreachable && random_.percent(50)) {
        error = ENETUNREACH;
        return nullptr;
    }
    const auto peer = std::make_shared<Connection>(*this);
    socket->latency = character_.latency / 2 + 1;
    socket->capacity = random_.one_of<std::size_t>({200, 4096, 64 * 1024});
    const bool refuses = condition_ == Condition::refusing || condition_ == Condition::unreachable || character_.no_tcp;
    const bool waits = condition_ == Condition::dark || (character_.one_at_a_time && connections_ > 1);
    if (waits && !refuses) {
        kernel_.timeline().after(120 * second, [socket] { socket->refuse_connection(ETIMEDOUT); });
    } else {
        kernel_.timeline().after(2 * socket->latency, [socket, refuses] {
            if (refuses) return socket->refuse_connection(ECONNREFUSED);
            socket->accept_connection();
        });
    }
    return peer;
}

}  // namespace dproxy::simulation
