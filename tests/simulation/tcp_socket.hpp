// SPDX-License-Identifier: MIT
// TCP connections of the simulated system. The worker has one end, a descriptor; a peer of the world has the other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "simulation/kernel.hpp"

namespace dproxy::simulation {

/// The other end of a connection. Calls out of events only, never out of the worker's calls.
class TcpPeer : public std::enable_shared_from_this<TcpPeer> {
public:
    virtual ~TcpPeer() = default;
    virtual void on_connected() {}
    virtual void on_bytes(dns::Bytes bytes) = 0;
    /// The worker sends nothing more.
    virtual void on_finished() = 0;
    /// It is gone.
    virtual void on_reset() = 0;

    /// Of the worker's end; set when there is one.
    std::shared_ptr<TcpSocket> socket;
};

class TcpSocket final : public File, public std::enable_shared_from_this<TcpSocket> {
public:
    explicit TcpSocket(Kernel& kernel) : kernel_(kernel) {}

    std::uint32_t ready() const override;
    void closed() override;

    // The worker's calls; below 0: errno.
    int connect(const net::Endpoint& to);
    std::ptrdiff_t receive(std::uint8_t* into, std::size_t most);
    std::ptrdiff_t send(const std::uint8_t* bytes, std::size_t count);
    void shut_sending();
    int take_error();
    int untaken() const { return static_cast<int>(outgoing_.size()); }

    // The peer's. What it sends comes in order, each after the time that it takes.
    void accept_connection();
    void refuse_connection(int error);
    void bring(std::vector<std::uint8_t> bytes, std::uint64_t wait);
    void bring_end(std::uint64_t wait);
    void bring_reset(std::uint64_t wait);
    /// The peer takes nothing, or goes on taking so many bytes at a time.
    void stall(bool stalled);
    void become_connected(const net::Endpoint& at, const net::Endpoint& from, std::shared_ptr<TcpPeer> peer);

    /// The end of a run.
    void part();

    bool is_open() const { return open_; }
    /// A place is left for more of the worker's bytes.
    bool has_room() const { return outgoing_.size() < capacity; }
    bool is_connected() const { return state_ == State::connected; }

    bool v4 = true;
    net::Endpoint local;
    net::Endpoint remote;
    std::size_t capacity = 64 * 1024;      ///< of what the peer has not taken
    std::size_t bytes_at_once = 16 * 1024; ///< that the peer takes
    std::uint64_t latency = 50 * microsecond;
    bool was_reset = false;  ///< by either side

private:
    enum class State : std::uint8_t { fresh, connecting, connected, failed };
    void pump();
    void take_some();
    std::uint64_t arrival(std::uint64_t wait);

    Kernel& kernel_;
    State state_ = State::fresh;
    std::shared_ptr<TcpPeer> peer_;
    std::deque<std::uint8_t> incoming_;
    std::deque<std::uint8_t> outgoing_;
    std::uint64_t last_arrival_ = 0;
    int error_ = 0;
    bool end_came_ = false;
    bool end_sent_ = false;
    bool end_told_ = false;
    bool stalled_ = false;
    bool pumping_ = false;
    bool open_ = true;
};

class TcpListenSocket final : public File {
public:
    static constexpr std::size_t backlog = 128;
    std::uint32_t ready() const override { return queue.empty() ? 0u : EPOLLIN; }

    net::Endpoint local;
    std::deque<std::shared_ptr<TcpSocket>> queue;
};

}  // namespace dproxy::simulation
