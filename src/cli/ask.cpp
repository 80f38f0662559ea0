// SPDX-License-Identifier: MIT
#include "dns/ask.hpp"

#include <array>
#include <ostream>
#include <random>
#include <thread>

#include "cli/configuration.hpp"
#include "cli/dns_exchange.hpp"
#include "cli/host_lookup.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "dns/record_text.hpp"
#include "reports/route_report.hpp"
#include "settings/resolver_settings.hpp"

namespace dproxy::cli {
namespace {

constexpr int refused_tries = 8;
constexpr std::chrono::milliseconds refused_pause{250};

/// What @ADDRESS or @HOST names, else the dproxy of this machine. Nothing where there is none, which `err`
/// says then, and `status` is the exit status for that.
std::optional<net::Endpoint> server_of(const Arguments& arguments, const std::vector<std::string>& environment,
                                       std::ostream& err, int& status) {
    if (arguments.server && arguments.server->host.empty()) return arguments.server->endpoint;
    if (arguments.server) {
        const auto& host = arguments.server->host;
        const auto address = look_up_host(host, config::resolver_settings({}));
        if (address) return net::Endpoint{*address, arguments.server->endpoint.port};
        err << host << ": no address was found\n";
        status = exit_faults;
        return std::nullopt;
    }
    const auto reading = read_settings(arguments, environment);
    if (has_error(reading.diagnostics)) {
        print_faults(reading.diagnostics, err);
        status = exit_usage;
        return std::nullopt;
    }
    const auto& settings = reading.settings;
    if (settings.listen.empty()) return net::Endpoint{loopback(), settings.port};
    return net::Endpoint{reachable(settings.listen.front().address), settings.listen.front().port};
}

/// Where nobody listens it is tried again for a moment: the rules of a Service follow its pods by about a second.
DnsAnswer exchange(const net::Endpoint& server, dns::Bytes query, bool tcp) {
    for (auto left = refused_tries; true; --left) {
        auto answer = tcp ? exchange_tcp(server, query) : exchange_udp(server, query);
        if (!answer.refused || left == 1) return answer;
        std::this_thread::sleep_for(refused_pause);
    }
}

}  // namespace

int run_ask(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
            std::ostream& err) {
    const auto parsed = config::parse_route_question(arguments.name, "");
    if (!parsed.fault.empty()) {
        err << "ask: " << parsed.fault << '\n';
        return exit_usage;
    }
    int status = exit_good;
    const auto server = server_of(arguments, environment, err, status);
    if (!server) return status;

    std::array<std::uint8_t, dns::ask_capacity> bytes;
    const auto id = static_cast<std::uint16_t>(std::random_device{}());
    const auto length =
        dns::write_query(parsed.question.name, arguments.type.value_or(ask_default_type), id, {}, bytes);
    const auto query = dns::Bytes(bytes).first(length);
    const auto answer = exchange(*server, query, arguments.tcp);
    if (!answer.error.empty()) {
        err << server->to_string() << (arguments.tcp ? " over TCP: " : " over UDP: ") << answer.error << '\n';
        return exit_faults;
    }
    out << dns::describe_reply(answer.reply);
    const auto rcode = dns::rcode_of(answer.reply);
    if (arguments.expect && *arguments.expect != rcode) {
        const std::string found(dns::rcode_name(rcode));
        err << server->to_string() << ": " << found << " was found; expected "
            << dns::rcode_name(*arguments.expect) << '\n';
        return exit_faults;
    }
    return exit_good;
}

}  // namespace dproxy::cli
