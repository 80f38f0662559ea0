// SPDX-License-Identifier: MIT
#include "settings/dnstap_key.hpp"

#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view tcp_prefix = "tcp:";

std::string expected(std::string_view found) {
    return excerpt(found) +
           " was found; expected `unix:` and the path of a socket, `tcp:` with a host name or an address, and a port, "
           "such as `unix:/run/dnstap.sock` or `tcp:192.0.2.1:6000`, or `off`";
}

std::string take_path(std::string_view path, Settings& settings) {
    if (path.size() > io::max_socket_path) {
        return "a path of " + std::to_string(path.size()) + " bytes was found; that of a socket has at most " +
               std::to_string(io::max_socket_path);
    }
    settings.dnstap = io::ReaderAddress{.path = std::string(path)};
    return {};
}

}  // namespace

std::string dnstap(std::string_view value, const SettingCapabilities& capabilities, Settings& settings) {
    if (equal_words(value, "off")) {
        settings.dnstap.reset();
        return {};
    }
    if (value.starts_with(unix_prefix) && value.substr(unix_prefix.size()).starts_with('/')) {
        return take_path(value.substr(unix_prefix.size()), settings);
    }
    if (!value.starts_with(tcp_prefix)) return expected(value);
    constexpr std::uint16_t no_port = 0;
    const auto target = parse_target(value.substr(tcp_prefix.size()), no_port);
    if (!target) return target.fault;
    if (target->endpoint.port == no_port) return expected(value);
    settings.dnstap = io::ReaderAddress{.host = target->host, .endpoint = target->endpoint};
    return missing_interface(target->endpoint.address, capabilities.interface_exists);
}

}  // namespace dproxy::config
