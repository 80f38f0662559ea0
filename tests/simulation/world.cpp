// SPDX-License-Identifier: MIT
#include "simulation/world.hpp"

#include <algorithm>
#include <cerrno>

#include "io/tcp_listener.hpp"
#include "io/udp_socket.hpp"
#include "queries/limits.hpp"
#include "queries/turn.hpp"

namespace dproxy::simulation {

namespace {

constexpr std::size_t nameserver_count = 6;
constexpr unsigned io_repetitions = 4;  ///< of a datagram, see SendBatch
constexpr std::size_t most_turns = 500;        ///< more than queries lie on any connection
constexpr std::uint64_t rest = 150 * second;  ///< longer than any socket is kept idle

}  // namespace

World::World(std::uint64_t seed, bool aloud)
    : journal_(timeline_, aloud),
      random_(seed),
      kernel_(timeline_, Random(random_.next()), *this),
      ledger_(journal_),
      roomy_(random_.percent(35)),
      keeps_(random_.percent(50)),
      options_(draw_options()),
      tcp_limits_(random_.one_of({4096u, 40u, 5u}), random_.one_of({64u, 8u, 2u})),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO) {
    draw_nameservers();
    std::vector<net::Endpoint> endpoints;
    for (const auto& one : nameservers_) endpoints.push_back(one->endpoint());
    routes_ = std::make_unique<Routes>(Random(random_.next()), endpoints, roomy_, keeps_);
    publisher_ = std::make_unique<proxy::Publisher>(routes_->master(), random_.one_of({500u, 3u}),
                                                    random_.one_of({500u, 3u}));
    counters_ = std::make_unique<telemetry::WorkerCounters>(publisher_->route_slots(), publisher_->upstream_slots());
    accounts_ = std::make_unique<Accounts>(journal_, *counters_);
    proxy::LoopReports& reports = *this;
    relay_ = std::make_unique<proxy::Relay>(io_, 0u, options_, *counters_, tcp_limits_, reports);
    relay_->set_start_ticking([this] { start_ticking(); });
    publish(true);
    listen();
    for (int fd = Kernel::first_descriptor; !epoll_; ++fd) epoll_ = kernel_.find<Epoll>(fd);
    clients_ = std::make_unique<Clients>(kernel_, ledger_, journal_, Random(random_.next()), *routes_);
    if (random_.percent(50)) trouble_.once_in = random_.one_of({50u, 500u, 5000u});
    if (!roomy_ && random_.percent(25)) trouble_.opens_once_in = random_.one_of({5u, 50u});
    if (random_.percent(50)) stalls_once_in_ = random_.one_of({500u, 5000u});
}

World::~World() {
    // What is planned holds what belongs to the run, and the ends of a connection hold each other.
    timeline_.clear();
    relay_.reset();
    kernel_.part();
}

proxy::WorkerOptions World::draw_options() {
    proxy::WorkerOptions options;
    options.max_inflight = random_.one_of({100'000u, 100'000u, 1000u, 100u, 10u});
    options.max_buffered = random_.one_of<std::size_t>({64 << 20, 64 << 20, 1 << 20, 200'000});
    if (roomy_) {
        options.max_inflight = 100'000;
        options.max_buffered = 64 << 20;
    }
    options.rate_limit = random_.one_of({0u, 0u, 0u, 200u, 20u});
    if (keeps_) options.answers = std::make_shared<cache::AnswerMemory>(random_.one_of({64u << 10, 4u << 20}), 1);
    options.tcp_queries = random_.one_of({10'000u, 50u, 3u});
    options.tcp_inflight = random_.one_of({100u, 10u, 1u});
    options.max_transfers = random_.one_of({256u, 3u});
    options.tcp_idle_ns = random_.one_of<std::uint64_t>({10, 2}) * second;
    options.first_reserved_descriptor = Kernel::first_descriptor + random_.one_of({100'000, 100'000, 60, 20});
    options.no_route_answer = random_.one_of({routing::LocalAnswer::refused, routing::LocalAnswer::nxdomain,
                                              routing::LocalAnswer::servfail, routing::LocalAnswer::drop});
    if (random_.percent(10)) {
        options.allow_all = false;
        options.allow = net::NetworkList({*net::Network::parse("10.1.0.0/17"), *net::Network::parse("2001:db8::/32")});
    }
    return options;
}

void World::draw_nameservers() {
    for (std::size_t i = 0; i < nameserver_count; ++i) {
        net::Endpoint endpoint{net::Address::v4(198, 51, 100, static_cast<std::uint8_t>(i + 1)), dns_port};
        if (i % 3 == 2) endpoint.address = *net::Address::parse("2001:db8:ff::" + std::to_string(i));
        if (i == 0) endpoint.port = 5300;
        nameservers_.push_back(
            std::make_unique<Nameserver>(kernel_, ledger_, journal_, Random(random_.next()), endpoint));
    }
}

void World::listen() {
    for (const char* address : {"0.0.0.0", "2001:db8:53::53"}) {
        const net::Endpoint endpoint{*net::Address::parse(address), dns_port};
        std::error_code error;
        relay_->clients().listen(proxy::Transport::udp, io::bind_udp(endpoint, io::PortSharing::shared, error));
        relay_->clients().listen(proxy::Transport::tcp, io::listen_tcp(endpoint, io::PortSharing::shared, error));
    }
}

void World::on_read(const UdpSocket& socket, const Datagram& datagram) {
    if (!socket.is_listener()) {
        ++ledger_.seen.upstream_reads;
        return;
    }
    if (datagram.cut || datagram.from.port == 0 || datagram.mapped) {
        ++ledger_.seen.udp_reads;
        ++(datagram.cut ? ledger_.seen.cut : datagram.from.port == 0 ? ledger_.seen.port_zero : ledger_.seen.mapped);
        return;
    }
    ledger_.read(datagram.tag, timeline_.now(), *publication_);
}

int World::draw_send_error() {
    if (trouble_.left == 0 && random_.once_in(trouble_.once_in)) {
        trouble_.left = random_.one_of<std::uint64_t>({1, 1, 3, 64, 200});
        trouble_.error = random_.one_of({EPERM, ENOBUFS, EAGAIN, ENETUNREACH, ECONNREFUSED, EINVAL});
    }
    if (trouble_.left == 0) return 0;
    --trouble_.left;
    return trouble_.error;
}

/// After errors that an earlier ICMP message may have left, the same is sent again: it is one message all the same.
bool World::is_repeated(dns::Bytes bytes, int error) {
    const bool repeated = failed_bytes_ == bytes.data() && repetitions_ < io_repetitions;
    repetitions_ = repeated ? repetitions_ + 1 : 0;
    failed_bytes_ = error == ENETUNREACH || error == ECONNREFUSED ? bytes.data() : nullptr;
    return repeated;
}

int World::on_send(const UdpSocket& socket, const net::Endpoint& from, const net::Endpoint& to, dns::Bytes bytes) {
    const int error = draw_send_error();
    const bool repeated = is_repeated(bytes, error);
    if (socket.is_listener()) {
        ledger_.answer_udp(from, to, bytes, error != 0, repeated);
        return error;
    }
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
    ledger_.send_up(error != 0, repeated);
    if (error != 0) {
        journal_.event("a send fails", 0, to, error);
        return error;
    }
    ledger_.on_wire_by_udp(to, without_proxy_header(copy));
    for (const auto& one : nameservers_) {
        if (one->endpoint() != to) continue;
        timeline_.after(100 * microsecond, [server = one.get(), from, copy] { server->on_datagram(from, copy); });
    }
    return 0;
}

int World::on_open(const char* call) {
    const std::string_view name(call);
    if (!relay_ || name == "accept" || name == "open" || !changes_) return 0;
    if (trouble_.opens_left == 0 && random_.once_in(trouble_.opens_once_in)) {
        trouble_.opens_left = random_.between(1, 6);
    }
    if (trouble_.opens_left == 0) return 0;
    --trouble_.opens_left;
    ++ledger_.seen.open_failures;
    if (name == "socket") return EMFILE;
    return name == "connect" ? random_.one_of({ENETUNREACH, EADDRNOTAVAIL, EAGAIN}) : ENOSPC;
}

std::shared_ptr<TcpPeer> World::on_connect(const std::shared_ptr<TcpSocket>& socket, int& error) {
    for (const auto& one : nameservers_) {
        if (one->endpoint() == socket->remote) return one->on_connect(socket, error);
    }
    error = ECONNREFUSED;
    return nullptr;
}

void World::replies_guessed(const net::Endpoint& upstream) {
    journal_.note("replies are guessed on a socket to %s", upstream.to_string().c_str());
    ledger_.excuse_guesses();
}

void World::loop_probe_returned(std::uint64_t number, const net::Address&) {
    journal_.note("loop probe %llu came back", static_cast<unsigned long long>(number));
}

/// Now and then it is one, for a while.
void World::loop_suspected(routing::LoopPlace place) {
    journal_.note("a loop is suspected");
    if (!random_.percent(20)) return;
    auto marks = std::make_shared<const routing::LoopMarks>(std::vector{routing::LoopMark{std::move(place), "", 0}});
    timeline_.after(10 * millisecond, [this, marks] { relay_->adopt_loops(marks); });
    timeline_.after(second, [this] { relay_->adopt_loops(std::make_shared<const routing::LoopMarks>()); });
}

void World::publish(bool with_new_table) {
    const std::chrono::steady_clock::time_point now{std::chrono::nanoseconds(timeline_.now())};
    if (with_new_table) publisher_->take_table(routes_->table(), now);
    auto publication = publisher_->make({routes_->hosts()}, now).publication;
    publication_ = publication;
    accounts_->keep_cleared(*publication);
    {
        const proxy::Turn turn(*relay_);
        relay_->adopt(std::move(publication));
    }
    journal_.note("a publication is in force, table %llu",
                  static_cast<unsigned long long>(publication_->table_serial));
}

void World::plan_changes() {
    timeline_.after(random_.below(2 * second), [this] {
        if (!changes_) return;
        change();
        plan_changes();
    });
}

void World::change() {
    if (keeps_ && random_.percent(10)) {
        options_.answers->forget([](const cache::KeptAnswer&) { return true; }, timeline_.now());
        journal_.note("all that was kept is forgotten");
    } else if (random_.percent(70)) {
        nameservers_[random_.below(nameservers_.size())]->change_condition();
    } else if (random_.percent(60)) {
        routes_->change();
        work([this] { publish(true); });
    } else {
        routes_->change_hosts();
        work([this] { publish(false); });
    }
    judge_health();
}

/// What a prober would say, late and not always.
void World::judge_health() {
    for (const proxy::UpstreamSpec& spec : publication_->pools->upstreams) {
        if (spec.health_mode == routing::Health::off) continue;
        for (const auto& one : nameservers_) {
            if (one->endpoint() != spec.key.endpoint || random_.percent(30)) continue;
            const bool up = one->condition() == Condition::well || one->condition() == Condition::slow;
            proxy::UpstreamHealth& health = *spec.health;
            health.probes_tell = spec.health_mode == routing::Health::on && random_.percent(80);
            if (up) health.probed_ns = timeline_.now();
            if (health.up == up) continue;
            health.up = up;
            health.changed_ns = timeline_.now();
            health.down_by_probes = !up && spec.health_mode == routing::Health::on;
            health.timeouts = 0;
        }
    }
}

std::string World::run() {
    // Now and then so long that sockets come of age in use.
    const std::uint64_t traffic = random_.once_in(20) ? 90 * second : random_.between(1, 12) * second;
    clients_->begin(timeline_.now() + traffic);
    if (random_.once_in(20)) timeline_.after(traffic / 2, [this] { overload(); });
    plan_changes();
    maintain();
    run_until(timeline_.now() + traffic);
    end();
    return journal_.violation();
}

/// For a second more comes than the worker reads, which has too little CPU, or than nameservers answer.
void World::overload() {
    slow_ = random_.percent(50);
    journal_.note("%s overloaded", slow_ ? "the worker is" : "nameservers are");
    if (!slow_) {
        for (const auto& one : nameservers_) one->go_dark();
    }
    clients_->flood();
    timeline_.after(second, [this] { slow_ = false; });
}

/// All comes to rest: because clients ask no more, or because the server ends.
void World::end() {
    changes_ = false;
    journal_.note("clients ask no more");
    for (const auto& one : nameservers_) one->recover();
    const bool stops = random_.percent(30);
    if (stops) {
        work([this] {
            const proxy::Turn turn(*relay_);
            relay_->clients().stop_reading();
            relay_->cut_transfers();
        });
    }
    // A connection's queries may be taken one after the other, and each may need all its time.
    const std::uint64_t turn = routes_->longest_timeout_ns() + second;
    for (std::size_t i = 0; i < most_turns && (i == 0 || clients_->unanswered() > accounts_->dropped()); ++i) {
        if (stops) wait_until_done(timeline_.now() + turn);
        run_until(timeline_.now() + turn);
    }
    clients_->leave(!stops);
    run_until(timeline_.now() + rest);
    if (journal_.is_violated()) return;
    if (ledger_.tcp_silent() > accounts_->dropped()) {
        journal_.violate(std::to_string(ledger_.tcp_silent()) +
                         " queries over TCP have no answer, and were not dropped");
    }
    if (!relay_->is_done() || relay_->inflight() > 0) journal_.violate("something is in flight when all is quiet");
    accounts_->check_quiet(kernel_.sockets());
    accounts_->check(ledger_.seen);
}

/// As a worker that ends: it asks again and again, and has said all that it owes when the answer is yes.
void World::wait_until_done(std::uint64_t when) {
    while (!journal_.is_violated() && timeline_.now() < when && !relay_->is_done()) {
        run_until(std::min(when, timeline_.now() + proxy::tick_ns));
    }
    if (timeline_.now() < when && relay_->inflight() > 0) journal_.violate("it is done with queries in flight");
}

void World::run_until(std::uint64_t when) {
    while (!journal_.is_violated() && timeline_.step(when)) {
        if (epoll_->anything()) plan_turn();
    }
}

}  // namespace dproxy::simulation
