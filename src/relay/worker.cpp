// SPDX-License-Identifier: MIT
// Held by tests/integration/test_shutdown.py, tests/integration/test_handler_failures.py.
#include "relay/worker.hpp"

#include <pthread.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <string>
#include <thread>

#include "io/do_and_always.hpp"
#include "queries/limits.hpp"
#include "queries/turn.hpp"
#include "relay/relay.hpp"

namespace dproxy::proxy {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::nanoseconds tick_interval{tick_ns};
constexpr std::chrono::seconds maintain_interval{1};

}  // namespace

struct Worker::State {
    State(unsigned number, const WorkerOptions& options, telemetry::WorkerCounters& worker_counters, TcpLimits& limits,
          LoopReports& loop_reports, telemetry::HandlerFailures& handler_failures)
        : name("worker-" + std::to_string(number)),
          counters(worker_counters),
          failures(handler_failures),
          // Other threads post; the descriptors are this thread's alone.
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
          relay(io, number, options, worker_counters, limits, loop_reports),
          tick_timer(io),
          maintain_timer(io),
          finish_timer(io) {
        relay.set_start_ticking([this] { start_ticking(); });
    }

    void run() {
        pthread_setname_np(pthread_self(), name.c_str());
        asio::post(io, [this] { maintain(); });
        failures.run(io, name);
    }

    /// Time-outs are looked at each tick for as long as something is in flight.
    void start_ticking() {
        tick_timer.expires_after(tick_interval);
        tick_timer.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            start_ticking();  // first, as the next tick must come also where this one fails
            if (!relay.tick()) tick_timer.cancel();
        });
    }

    void maintain() {
        maintain_timer.expires_after(maintain_interval);
        maintain_timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) maintain();
        });
        counters.heartbeat.add();
        io::do_and_always([this] { adopt_published(); }, [this] { relay.maintain(); });
    }

    /// In their order; what there is no memory for is tried again each second.
    void adopt_published() {
        while (!published.empty()) {
            const Turn turn(relay);
            auto before = relay.adopt(published.front().publication);
            const auto replaced = std::move(published.front().replaced);
            published.pop_front();
            replaced(std::move(before));
        }
    }

    void finish(std::chrono::nanoseconds patience, std::function<void()> finished) {
        deadline = std::chrono::steady_clock::now() + patience;
        const auto stop = [this] {
            relay.clients().stop_reading();
            relay.cut_transfers();
        };
        io::do_and_always(stop, [&] { wait_until_done(std::move(finished)); });
    }

    void wait_until_done(std::function<void()> finished) {
        if (relay.is_done() || std::chrono::steady_clock::now() >= deadline) {
            // Answers that were queued in this turn leave before the loop ends.
            asio::post(io, [this, finished = std::move(finished)] {
                finished();
                io.stop();
            });
            return;
        }
        finish_timer.expires_after(tick_interval);
        finish_timer.async_wait([this, finished = std::move(finished)](const boost::system::error_code& error) {
            if (!error) wait_until_done(finished);
        });
    }

    struct Published {
        std::shared_ptr<const Publication> publication;
        std::function<void(std::shared_ptr<const Publication>)> replaced;
    };

    const std::string name;
    telemetry::WorkerCounters& counters;
    telemetry::HandlerFailures& failures;
    std::deque<Published> published;  ///< and not yet adopted
    asio::io_context io;
    Relay relay;
    asio::steady_timer tick_timer;
    asio::steady_timer maintain_timer;
    asio::steady_timer finish_timer;
    std::chrono::steady_clock::time_point deadline;
    std::thread thread;
};

Worker::Worker(unsigned index, const WorkerOptions& options, telemetry::WorkerCounters& counters, TcpLimits& tcp_limits,
               LoopReports& loop_reports, telemetry::HandlerFailures& failures)
    : state_(std::make_unique<State>(index, options, counters, tcp_limits, loop_reports, failures)) {}

Worker::~Worker() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

void Worker::listen(Transport transport, io::Fd socket) {
    state_->relay.clients().listen(transport, std::move(socket));
}

void Worker::start(std::shared_ptr<const Publication> publication) {
    {
        const Turn turn(state_->relay);
        state_->relay.adopt(std::move(publication));
    }
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void Worker::publish(std::shared_ptr<const Publication> publication,
                     std::function<void(std::shared_ptr<const Publication>)> replaced) {
    asio::post(state_->io, [state = state_.get(), publication = std::move(publication),
                            replaced = std::move(replaced)]() mutable {
        state->published.push_back({std::move(publication), std::move(replaced)});
        state->adopt_published();
    });
}

void Worker::publish_filters(io::FilterSources filters) {
    asio::post(state_->io, [state = state_.get(), filters = std::move(filters)]() mutable {
        state->relay.clients().adopt(std::move(filters));
    });
}

void Worker::publish_loops(std::shared_ptr<const routing::LoopMarks> marks) {
    asio::post(state_->io, [state = state_.get(), marks = std::move(marks)]() mutable {
        state->relay.adopt_loops(std::move(marks));
    });
}

void Worker::publish_trace(std::shared_ptr<const trace::Order> order) {
    asio::post(state_->io, [state = state_.get(), order = std::move(order)]() mutable {
        state->relay.adopt_trace(std::move(order));
    });
}

void Worker::finish(std::chrono::nanoseconds patience, std::function<void()> finished) {
    asio::post(state_->io, [state = state_.get(), patience, finished = std::move(finished)]() mutable {
        state->finish(patience, std::move(finished));
    });
}

}  // namespace dproxy::proxy
