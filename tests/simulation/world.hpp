// SPDX-License-Identifier: MIT
// One run: a worker's whole data path between simulated clients and nameservers, from a seed to a verdict.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "clients/tcp_limits.hpp"
#include "publication/publisher.hpp"
#include "relay/relay.hpp"
#include "simulation/accounts.hpp"
#include "simulation/clients.hpp"
#include "simulation/journal.hpp"
#include "simulation/kernel.hpp"
#include "simulation/ledger.hpp"
#include "simulation/nameserver.hpp"
#include "simulation/routes.hpp"
#include "simulation/timeline.hpp"

namespace dproxy::simulation {

/// Sends and calls for descriptors that fail, one after the other, for a while.
struct Trouble {
    unsigned once_in = 0;        ///< sends; 0: never
    std::uint64_t left = 0;      ///< sends that fail from now on
    int error = 0;
    unsigned opens_once_in = 0;  ///< calls for descriptors
    std::uint64_t opens_left = 0;
};

class World final : private KernelEvents, private proxy::LoopReports {
public:
    World(std::uint64_t seed, bool aloud);
    ~World();

    /// Empty where all was well; else what is wrong.
    std::string run();
    Journal& journal() { return journal_; }
    std::uint64_t events() const { return timeline_.count(); }
    std::uint64_t questions() const { return ledger_.all().size(); }

private:
    // Of the kernel.
    void on_read(const UdpSocket& socket, const Datagram& datagram) override;
    int on_send(const UdpSocket& socket, const net::Endpoint& from, const net::Endpoint& to,
                dns::Bytes bytes) override;
    int on_open(const char* call) override;
    int draw_send_error();
    bool is_repeated(dns::Bytes bytes, int error);
    std::shared_ptr<TcpPeer> on_connect(const std::shared_ptr<TcpSocket>& socket, int& error) override;
    // Of the worker, for other threads.
    void loop_probe_returned(std::uint64_t number, const net::Address& peer) override;
    void loop_suspected(routing::LoopPlace place) override;
    void replies_guessed(const net::Endpoint&) override;
    void encryption_failed(std::uint64_t, std::string) override {}

    proxy::WorkerOptions draw_options();
    void draw_nameservers();
    void listen();
    /// What goes on beside the clients: reloads, conditions, what a prober would say.
    void plan_changes();
    void change();
    void judge_health();
    void publish(bool with_new_table);

    // The worker's thread.
    /// Done when the worker has the CPU, with what follows of it.
    void work(std::function<void()> what);
    void plan_turn();
    void start_ticking();
    void tick();
    void maintain();
    void check_ticking();

    void overload();
    void run_until(std::uint64_t when);
    void wait_until_done(std::uint64_t when);
    void end();

    Timeline timeline_;
    Journal journal_;
    Random random_;
    Kernel kernel_;
    Ledger ledger_;
    std::vector<std::unique_ptr<Nameserver>> nameservers_;
    std::unique_ptr<Routes> routes_;
    std::unique_ptr<Clients> clients_;
    Trouble trouble_;
    const std::uint8_t* failed_bytes_ = nullptr;  ///< of the send that failed just now, where it is repeated then
    unsigned repetitions_ = 0;
    /// No limit is reached: what comes to nothing then has no other excuse.
    const bool roomy_;
    const bool keeps_;  ///< answers are kept for others
    bool changes_ = true;                         ///< conditions and routes become others
    unsigned stalls_once_in_ = 0;
    bool slow_ = false;  ///< it cannot read all that comes

    proxy::WorkerOptions options_;
    proxy::TcpLimits tcp_limits_;
    std::unique_ptr<proxy::Publisher> publisher_;
    std::unique_ptr<telemetry::WorkerCounters> counters_;
    std::unique_ptr<Accounts> accounts_;
    std::shared_ptr<const proxy::Publication> publication_;
    boost::asio::io_context io_;
    std::unique_ptr<proxy::Relay> relay_;
    std::shared_ptr<Epoll> epoll_;
    std::uint64_t busy_until_ = 0;
    bool turn_planned_ = false;
    bool ticking_ = false;
    std::uint64_t ticks_ = 0;  ///< those that were planned before do nothing
};

}  // namespace dproxy::simulation
