// SPDX-License-Identifier: MIT
#include "proxy/worker.hpp"

#include <pthread.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "proxy/relay.hpp"

namespace dproxy::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::nanoseconds tick_interval{tick_ns};
constexpr std::chrono::seconds maintain_interval{1};

}  // namespace

struct Worker::State {
    State(unsigned number, const WorkerOptions& options, telemetry::WorkerCounters& worker_counters, TcpLimits& limits,
          LoopReports& loop_reports)
        : index(number),
          counters(worker_counters),
          // Other threads post; the descriptors are this thread's alone.
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
          relay(io, options, worker_counters, limits, loop_reports),
          tick_timer(io),
          maintain_timer(io),
          finish_timer(io) {
        relay.set_start_ticking([this] { start_ticking(); });
    }

    void run() {
        pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index)).c_str());
        maintain();
        io.run();
    }

    /// Time-outs are looked at each tick for as long as something is in flight.
    void start_ticking() {
        tick_timer.expires_after(tick_interval);
        tick_timer.async_wait([this](const boost::system::error_code& error) {
            if (!error && relay.tick()) start_ticking();
        });
    }

    void maintain() {
        counters.heartbeat.add();
        relay.maintain();
        maintain_timer.expires_after(maintain_interval);
        maintain_timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) maintain();
        });
    }

    void finish(std::chrono::nanoseconds patience, std::function<void()> finished) {
        relay.udp().stop_reading();
        relay.tcp().stop_reading();
        relay.cut_transfers();
        deadline = std::chrono::steady_clock::now() + patience;
        wait_until_idle(std::move(finished));
    }

    void wait_until_idle(std::function<void()> finished) {
        if (relay.idle() || std::chrono::steady_clock::now() >= deadline) {
            // Answers that were queued in this turn leave before the loop ends.
            asio::post(io, [this, finished = std::move(finished)] {
                finished();
                io.stop();
            });
            return;
        }
        finish_timer.expires_after(tick_interval);
        finish_timer.async_wait([this, finished = std::move(finished)](const boost::system::error_code& error) {
            if (!error) wait_until_idle(finished);
        });
    }

    const unsigned index;
    telemetry::WorkerCounters& counters;
    asio::io_context io;
    Relay relay;
    asio::steady_timer tick_timer;
    asio::steady_timer maintain_timer;
    asio::steady_timer finish_timer;
    std::chrono::steady_clock::time_point deadline;
    std::thread thread;
};

Worker::Worker(unsigned index, const WorkerOptions& options, telemetry::WorkerCounters& counters, TcpLimits& tcp_limits,
               LoopReports& loop_reports)
    : state_(std::make_unique<State>(index, options, counters, tcp_limits, loop_reports)) {}

Worker::~Worker() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

void Worker::listen_udp(io::Fd socket) { state_->relay.udp().listen(std::move(socket)); }

void Worker::listen_tcp(io::Fd socket) { state_->relay.tcp().listen(std::move(socket)); }

void Worker::start(std::shared_ptr<const Publication> publication) {
    state_->relay.adopt(std::move(publication));
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Worker::publish(std::shared_ptr<const Publication> publication,
                     std::function<void(std::shared_ptr<const Publication>)> replaced) {
    asio::post(state_->io, [state = state_.get(), publication = std::move(publication),
                            replaced = std::move(replaced)]() mutable {
        replaced(state->relay.adopt(std::move(publication)));
    });
}

void Worker::publish_loops(std::shared_ptr<const routing::LoopMarks> marks) {
    asio::post(state_->io, [state = state_.get(), marks = std::move(marks)]() mutable {
        state->relay.adopt_loops(std::move(marks));
    });
}

void Worker::finish(std::chrono::nanoseconds patience, std::function<void()> finished) {
    asio::post(state_->io, [state = state_.get(), patience, finished = std::move(finished)]() mutable {
        state->finish(patience, std::move(finished));
    });
}

}  // namespace dproxy::proxy
