// SPDX-License-Identifier: MIT
// Held by tests/integration/test_host_names.py and tests/integration/test_host_names_answers.py.
#include "hosts/host_names.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "hosts/host_question.hpp"
#include "io/do_and_always.hpp"
#include "io/monotonic.hpp"
#include "telemetry/every_so_often.hpp"

namespace dproxy::proxy {

namespace asio = boost::asio;
using routing::AddressFamily;
using routing::HostAddresses;
using routing::HostFinding;
using routing::HostLookup;
using routing::ResolverSettings;

namespace {

constexpr std::chrono::seconds told_interval{10};  ///< in the log
constexpr unsigned max_changes_told = 100;         ///< in that time; the rest is counted
constexpr std::uint64_t look_interval_ns = 50'000'000;  ///< while a round is under way
constexpr std::array<std::uint16_t, routing::family_count> types{dns::type::a, dns::type::aaaa};

std::string joined(const std::vector<net::Address>& addresses) {
    std::string text;
    for (const net::Address& address : addresses) {
        if (!text.empty()) text += ", ";
        text += address.to_string();
    }
    return text;
}

/// A round under way.
struct Round {
    std::shared_ptr<const ResolverSettings> settings;
    HostLookup lookup;
    std::array<std::unique_ptr<HostQuestion>, routing::family_count> questions{};
    std::uint64_t half_since_ns = 0;  ///< when one family was answered; 0: none, or both
    bool half_used = false;           ///< what it brought is known already
};

struct Host {
    std::string name;
    HostAddresses addresses;
    std::optional<Round> round{};
    bool complained = false;  ///< the log says that it is not resolved
    bool is_fixed = false;    ///< known without asking
};

std::string_view fault_of(const HostFinding& finding, const ResolverSettings& settings) {
    if (finding.result == HostFinding::Result::found) return {};
    if (finding.result == HostFinding::Result::absent) return "the nameservers know no address of it";
    if (settings.nameservers.empty()) return "there is no nameserver to ask";
    return finding.silent ? "no nameserver answered" : "the nameservers answered with errors";
}

}  // namespace

struct HostNames::State {
    State(asio::io_context& context, std::function<ResolverSettings()> read, telemetry::Log& the_log,
          std::function<void()> on_changed)
        : io(context),
          read_settings(std::move(read)),
          log(the_log),
          changed(std::move(on_changed)),
          timer(io),
          change_timer(io),
          questions{io, [this] { look_soon(); }, {}, {}, {}} {}

    void look_soon();
    void look();
    void sleep(std::uint64_t now_ns);
    void begin_what_is_due(std::uint64_t now_ns);
    void begin(Host& host, std::uint64_t now_ns);
    void ask(Host& host, std::uint64_t now_ns);
    /// True when the round is over.
    bool follow(Host& host, std::uint64_t now_ns);
    HostLookup::Step take_outcomes(Round& round, std::uint64_t now_ns);
    HostLookup::Step look_at_half(Host& host, std::uint64_t now_ns);
    bool make_room();
    void end_round(Host& host);
    void learn(Host& host, std::uint64_t now_ns);
    void fix(Host& host, std::uint64_t now_ns);
    void report(const Host& host, const HostFinding& finding, std::string_view fault);
    void tell(Host& host, const HostFinding& finding, std::string_view fault, bool first, bool is_other);
    bool may_tell();
    void set_in_order();
    void hand_on_soon();
    std::uint32_t random() { return std::uint32_t{questions.random.next()} << 16 | questions.random.next(); }

    asio::io_context& io;
    std::function<ResolverSettings()> read_settings;
    telemetry::Log& log;
    std::function<void()> changed;
    asio::steady_timer timer;
    asio::steady_timer change_timer;
    HostQuestionContext questions;
    std::shared_ptr<const ResolverSettings> settings;
    std::uint64_t settings_read_ns = 0;
    std::size_t first_nameserver = 0;  ///< the one that answered last
    std::map<std::string, Host> hosts;
    std::multimap<std::uint64_t, Host*> waiting;  ///< by when they are due
    std::vector<Host*> under_way;                 ///< with a round
    bool looking_soon = false;
    bool handing_on = false;
    telemetry::EverySoOften told{told_interval, max_changes_told};
    std::uint64_t handed_on_ns = 0;
    AddressBook book;
    HostReports reports;
};

void HostNames::State::look_soon() {
    if (std::exchange(looking_soon, true)) return;
    asio::post(io, [this] {
        looking_soon = false;
        look();
    });
}

void HostNames::State::look() {
    const std::uint64_t now_ns = io::monotonic_ns();
    const auto follow_all = [&] {
        for (auto host = under_way.end(); host != under_way.begin();) {
            if (follow(**--host, now_ns)) host = under_way.erase(host);
        }
        begin_what_is_due(now_ns);
    };
    io::do_and_always(follow_all, [&] { sleep(now_ns); });
}

/// Until the next look: a while for rounds under way, else until the first name is due.
void HostNames::State::sleep(std::uint64_t now_ns) {
    if (waiting.empty() && under_way.empty()) return;
    const std::uint64_t wake_ns = under_way.empty() ? waiting.begin()->first : now_ns + look_interval_ns;
    timer.expires_after(std::chrono::nanoseconds(std::max(wake_ns, now_ns) - now_ns));
    timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) look();
    });
}

void HostNames::State::begin_what_is_due(std::uint64_t now_ns) {
    while (!waiting.empty() && waiting.begin()->first <= now_ns &&
           (under_way.size() < max_lookups_under_way || make_room())) {
        Host& host = *waiting.begin()->second;
        under_way.push_back(&host);
        waiting.erase(waiting.begin());
        begin(host, now_ns);
    }
}

/// Among rounds that only wait for a family which is late, the one that began first ends: others know nothing yet.
bool HostNames::State::make_room() {
    const auto is_half = [](const Host* host) { return host->round && host->round->half_used; };
    const auto half = std::find_if(under_way.begin(), under_way.end(), is_half);
    if (half == under_way.end()) return false;
    end_round(**half);
    under_way.erase(half);
    return true;
}

void HostNames::State::end_round(Host& host) {
    host.round.reset();
    waiting.emplace(host.addresses.next_ns(), &host);
}

void HostNames::State::begin(Host& host, std::uint64_t now_ns) {
    if (!settings || now_ns - settings_read_ns >= resolver_settings_age_ns) {
        settings = std::make_shared<const ResolverSettings>(read_settings());
        settings_read_ns = now_ns;
    }
    if (settings->rotate) ++first_nameserver;
    if (first_nameserver >= settings->nameservers.size()) first_nameserver = 0;
    host.round.emplace(Round{settings, HostLookup(routing::host_candidates(host.name, *settings))});
    ask(host, now_ns);
}

void HostNames::State::ask(Host& host, std::uint64_t now_ns) {
    Round& round = *host.round;
    round.half_since_ns = 0;
    round.questions = {};
    const std::size_t families = round.settings->no_aaaa ? 1 : routing::family_count;
    if (families == 1) round.lookup.take(AddressFamily::v6, {{dns::AddressFinding::no_address, {}, 0}, false});
    try {
        for (std::size_t i = 0; i < families; ++i) {
            round.questions[i] = std::make_unique<HostQuestion>(questions, round.settings, first_nameserver,
                                                                round.lookup.name(), types[i], now_ns);
        }
    } catch (...) {  // no memory: a new round comes
        host.round.reset();
        throw;
    }
}

bool HostNames::State::follow(Host& host, std::uint64_t now_ns) {
    // It could not be begun, or its end not be told.
    if (!host.round) return waiting.emplace(now_ns + look_interval_ns, &host), true;
    Round& round = *host.round;
    for (const auto& question : round.questions) {
        if (question) question->look(now_ns);
    }
    auto step = take_outcomes(round, now_ns);
    if (step == HostLookup::Step::wait) step = look_at_half(host, now_ns);
    switch (step) {
        case HostLookup::Step::wait:
            // The family that is known is asked for again by its own TTL, however long the other one takes.
            if (!round.half_used || now_ns < host.addresses.next_ns()) return false;
            end_round(host);
            return true;
        case HostLookup::Step::use_half:
            round.half_used = true;
            learn(host, now_ns);
            return false;
        case HostLookup::Step::ask_next:
            ask(host, now_ns);
            return false;
        case HostLookup::Step::over:
            learn(host, now_ns);
            end_round(host);
            return true;
    }
    return false;
}

HostLookup::Step HostNames::State::take_outcomes(Round& round, std::uint64_t now_ns) {
    auto step = HostLookup::Step::wait;
    for (std::size_t i = 0; i < routing::family_count; ++i) {
        auto& question = round.questions[i];
        if (!question || !question->outcome()) continue;
        if (!round.settings->rotate) first_nameserver = question->good_nameserver();
        step = round.lookup.take(static_cast<AddressFamily>(i), *question->outcome());
        question.reset();
    }
    const bool is_half = step == HostLookup::Step::wait && round.lookup.is_half();
    if (is_half && round.half_since_ns == 0) round.half_since_ns = now_ns;
    return step;
}

HostLookup::Step HostNames::State::look_at_half(Host& host, std::uint64_t now_ns) {
    Round& round = *host.round;
    const bool is_late = round.half_since_ns != 0 && now_ns - round.half_since_ns >= family_patience_ns;
    if (!is_late || round.half_used) return HostLookup::Step::wait;
    return round.lookup.go_on_without_other();
}

void HostNames::State::learn(Host& host, std::uint64_t now_ns) {
    const HostFinding finding = host.round->lookup.finding();
    const std::string_view fault = fault_of(finding, *host.round->settings);
    const bool first = host.addresses.state() == HostAddresses::State::unresolved;
    const bool is_other = host.addresses.take(finding, now_ns, random());
    tell(host, finding, fault, first, is_other);
    report(host, finding, fault);
    if (!is_other) return;
    book[host.name] = host.addresses.addresses();
    hand_on_soon();
}

/// RFC 6761 6.3: nobody is asked.
void HostNames::State::fix(Host& host, std::uint64_t now_ns) {
    HostFinding finding;
    finding.result = HostFinding::Result::found;
    finding.name = dns::Name::parse(host.name, true).name;
    finding.addresses = {std::vector{net::Address::v4(127, 0, 0, 1)}, std::vector<net::Address>{}};
    host.is_fixed = true;
    host.addresses.take(finding, now_ns, 0);
    report(host, finding, {});
    book[host.name] = host.addresses.addresses();
}

void HostNames::State::report(const Host& host, const HostFinding& finding, std::string_view fault) {
    HostReport report = reports.of(host.name);
    report.state = host.addresses.state();
    report.addresses = host.addresses.addresses();
    report.fault = fault;
    if (fault.empty()) report.found_as = finding.name.to_text();
    reports.put(std::move(report));
}

void HostNames::State::tell(Host& host, const HostFinding& finding, std::string_view fault, bool first,
                            bool is_other) {
    const std::string addresses = joined(host.addresses.addresses());
    const bool is_news = !fault.empty() ? !host.complained : first || is_other || host.complained;
    if (is_news && !may_tell()) {
        host.complained = !fault.empty();
        return;
    }
    if (!fault.empty()) {
        if (std::exchange(host.complained, true)) return;
        const std::string_view consequence = first ? "none" : "the last good ones stay";
        log.warning("host name not resolved", {{"host", host.name}, {"reason", fault}, {"addresses", consequence}});
        return;
    }
    const bool again = std::exchange(host.complained, false);
    if (first) {
        const std::string found_as = finding.name.to_text();
        log.info("host name resolved", {{"host", host.name}, {"found_as", found_as}, {"addresses", addresses}});
    } else if (is_other) {
        log.info("host name has other addresses", {{"host", host.name}, {"addresses", addresses}});
    } else if (again) {
        log.info("host name resolved again", {{"host", host.name}, {"addresses", addresses}});
    }
}

bool HostNames::State::may_tell() {
    const auto left_out = told.due(std::chrono::steady_clock::now());
    if (left_out && *left_out > 0) log.warning("host names changed that are not named", {{"changes", *left_out}});
    return left_out.has_value();
}

void HostNames::State::hand_on_soon() {
    if (std::exchange(handing_on, true)) return;
    const std::uint64_t now_ns = io::monotonic_ns();
    const std::uint64_t when_ns = std::max(now_ns + change_settle_ns, handed_on_ns + change_interval_ns);
    change_timer.expires_after(std::chrono::nanoseconds(when_ns - now_ns));
    change_timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        handing_on = false;
        handed_on_ns = io::monotonic_ns();
        try {
            changed();
        } catch (...) {
            hand_on_soon();  // again
            throw;
        }
    });
}

void HostNames::State::set_in_order() {
    waiting.clear();
    under_way.clear();
    for (auto& [name, host] : hosts) {
        if (host.is_fixed) continue;
        if (host.round) {
            under_way.push_back(&host);
        } else {
            waiting.emplace(host.addresses.next_ns(), &host);
        }
    }
}

HostNames::HostNames(asio::io_context& io, std::function<ResolverSettings()> read_settings, telemetry::Log& log,
                     std::function<void()> changed)
    : state_(std::make_unique<State>(io, std::move(read_settings), log, std::move(changed))) {}

HostNames::~HostNames() = default;

void HostNames::watch(const std::set<std::string>& names) {
    State& state = *state_;
    const std::uint64_t now_ns = io::monotonic_ns();
    std::map<std::string, Host> stay;
    for (const std::string& name : names) {
        if (stay.size() == max_host_names) {
            state.log.warning("too many host names: the rest is not resolved",
                              {{"names", names.size()}, {"limit", max_host_names}, {"first_left_out", name}});
            break;
        }
        auto known = state.hosts.extract(name);
        if (known) {
            stay.insert(std::move(known));
        } else {
            const auto added = stay.emplace(name, Host{name, HostAddresses(now_ns)}).first;
            if (routing::is_localhost(name)) state.fix(added->second, now_ns);
        }
    }
    state.hosts = std::move(stay);
    state.set_in_order();
    std::erase_if(state.book, [&](const auto& one) { return !state.hosts.contains(one.first); });
    std::set<std::string> watched;
    for (const auto& [name, host] : state.hosts) watched.insert(name);
    state.reports.watch(watched);
    if (!state.hosts.empty()) state.look_soon();
}

const AddressBook& HostNames::addresses() const { return state_->book; }

const HostReports& HostNames::reports() const { return state_->reports; }

}  // namespace dproxy::proxy
