// SPDX-License-Identifier: MIT
#include "dns/ask.hpp"

#include <array>
#include <ostream>
#include <random>

#include "cli/configuration.hpp"
#include "cli/dns_exchange.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "config/route_report.hpp"
#include "dns/record_text.hpp"

namespace dproxy::cli {
namespace {

constexpr std::uint16_t dns_port = 53;

/// What @ADDRESS names, else the dproxy of this machine. Nothing where the settings cannot be read, which
/// `err` says then.
std::optional<net::Endpoint> server_of(const Arguments& arguments, const std::vector<std::string>& environment,
                                       std::ostream& err) {
    if (arguments.server) return net::Endpoint{*arguments.server, arguments.server_port.value_or(dns_port)};
    const auto reading = read_settings(arguments, environment);
    if (has_error(reading.diagnostics)) {
        print_faults(reading.diagnostics, err);
        return std::nullopt;
    }
    const auto& settings = reading.settings;
    if (settings.listen.empty()) return net::Endpoint{net::Address::v4(127, 0, 0, 1), settings.port};
    return net::Endpoint{reachable(settings.listen.front().address), settings.listen.front().port};
}

}  // namespace

int run_ask(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
            std::ostream& err) {
    const auto parsed = config::parse_route_question(arguments.name, "");
    if (!parsed.fault.empty()) {
        err << "ask: " << parsed.fault << '\n';
        return exit_usage;
    }
    const auto server = server_of(arguments, environment, err);
    if (!server) return exit_usage;

    std::array<std::uint8_t, dns::ask_capacity> bytes;
    const auto id = static_cast<std::uint16_t>(std::random_device{}());
    const auto length =
        dns::write_query(parsed.question.name, arguments.type.value_or(ask_default_type), id, {}, bytes);
    const auto query = dns::Bytes(bytes).first(length);
    const auto answer = arguments.tcp ? exchange_tcp(*server, query) : exchange_udp(*server, query);
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
