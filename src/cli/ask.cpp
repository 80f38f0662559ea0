// SPDX-License-Identifier: MIT
#include "dns/ask.hpp"

#include <array>
#include <ostream>
#include <random>
#include <thread>

#include "cli/ask_encryption.hpp"
#include "cli/configuration.hpp"
#include "cli/dns_exchange.hpp"
#include "cli/encrypted_exchange.hpp"
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

constexpr std::uint16_t https_port = 443;

struct Asked {
    net::Endpoint endpoint;
    std::string path{};  ///< of HTTPS; empty: the usual one
};

/// What @ADDRESS or @HOST names, else the dproxy of this machine. Nothing where there is none, which `err`
/// says then, and `status` is the exit status for that.
std::optional<Asked> server_of(const Arguments& arguments, const std::vector<std::string>& environment,
                               std::ostream& err, int& status) {
    if (arguments.server && arguments.server->host.empty()) return Asked{arguments.server->endpoint};
    if (arguments.server) {
        const auto& host = arguments.server->host;
        const auto address = look_up_host(host, config::resolver_settings({}));
        if (address) return Asked{{*address, arguments.server->endpoint.port}};
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
    const auto by = arguments.transport;
    const auto& listen = by == AskTransport::tls     ? settings.tls.listen
                         : by == AskTransport::https ? settings.tls.listen_https
                                                     : settings.listen;
    if (!listen.empty()) return Asked{{reachable(listen.front().address), listen.front().port}, settings.http.path};
    if (!is_encrypted(by)) return Asked{{loopback(), settings.port}};
    err << "ask: `" << (by == AskTransport::tls ? "listen_tls" : "listen_https")
        << "` is off in this configuration; expected a server, as in @192.0.2.1\n";
    status = exit_usage;
    return std::nullopt;
}

AskEncryption encryption_of(const Arguments& arguments, const net::Endpoint& server) {
    AskEncryption encryption;
    encryption.https = arguments.transport == AskTransport::https;
    encryption.verify = !arguments.insecure;
    encryption.authorities_file = arguments.ca_file;
    encryption.name = arguments.server_name;
    if (encryption.name.empty() && arguments.server) encryption.name = arguments.server->host;
    if (encryption.name.empty()) encryption.name = server.address.to_string();
    if (encryption.name.ends_with('.')) encryption.name.pop_back();  // no search list, and no part of the name
    return encryption;
}

/// Whom an HTTP request is for (RFC 9113 8.3.1).
http2::Resource resource_of(const Arguments& arguments, const AskEncryption& encryption, const Asked& server) {
    http2::Resource resource;
    const bool is_v6 = encryption.name.find(':') != std::string::npos;
    resource.authority = is_v6 ? "[" + encryption.name + "]" : encryption.name;
    if (server.endpoint.port != https_port) resource.authority += ":" + std::to_string(server.endpoint.port);
    const auto& path = arguments.path.empty() ? server.path : arguments.path;
    if (!path.empty()) resource.path = path;
    return resource;
}

std::string_view word_of(AskTransport by) {
    constexpr std::string_view words[] = {"UDP", "TCP", "TLS", "HTTPS"};
    return words[static_cast<std::size_t>(by)];
}

/// Where nobody listens it is tried again for a moment: the rules of a Service follow its pods by about a second.
template <typename Exchange>
DnsAnswer try_again(Exchange exchange) {
    for (auto left = refused_tries; true; --left) {
        auto answer = exchange();
        if (!answer.refused || left == 1) return answer;
        std::this_thread::sleep_for(refused_pause);
    }
}

/// `status` is changed where it is not even tried.
DnsAnswer ask(const Arguments& arguments, const Asked& asked, dns::Bytes query, int& status) {
    const auto by = arguments.transport;
    const auto& server = asked.endpoint;
    if (by == AskTransport::udp) return try_again([&] { return exchange_udp(server, query); });
    if (by == AskTransport::tcp) return try_again([&] { return exchange_tcp(server, query); });
    const auto encryption = encryption_of(arguments, server);
    const auto made = ask_filter(encryption);
    if (!made.filter) {
        status = exit_usage;
        return failed(made.fault);
    }
    const auto resource = resource_of(arguments, encryption, asked);
    return try_again([&] {
        return encryption.https ? exchange_https(server, query, encryption, *made.filter, resource)
                                : exchange_tls(server, query, encryption, *made.filter);
    });
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
    // RFC 8484 4.1: over HTTP the same for all.
    const bool has_id = arguments.transport != AskTransport::https;
    const auto id = static_cast<std::uint16_t>(has_id ? std::random_device{}() : 0);
    const auto length =
        dns::write_query(parsed.question.name, arguments.type.value_or(ask_default_type), id, {}, bytes);
    const auto query = dns::Bytes(bytes).first(length);
    if (arguments.insecure) err << "warning: --insecure: any certificate is taken\n";
    status = exit_faults;
    const auto answer = ask(arguments, *server, query, status);
    if (!answer.error.empty()) {
        err << server->endpoint.to_string() << " over " << word_of(arguments.transport) << ": " << answer.error << '\n';
        return status;
    }
    out << dns::describe_reply(answer.reply);
    const auto rcode = dns::rcode_of(answer.reply);
    if (arguments.expect && *arguments.expect != rcode) {
        const std::string found(dns::rcode_name(rcode));
        err << server->endpoint.to_string() << ": " << found << " was found; expected "
            << dns::rcode_name(*arguments.expect) << '\n';
        return exit_faults;
    }
    return exit_good;
}

}  // namespace dproxy::cli
