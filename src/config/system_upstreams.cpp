// SPDX-License-Identifier: MIT
#include "config/system_upstreams.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>

namespace dproxy::config {
namespace {

constexpr std::size_t max_resolv_conf_bytes = 64 * 1024;

std::optional<net::Address> address_of(const sockaddr* address) {
    if (address != nullptr && address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        std::uint8_t bytes[4];
        std::memcpy(bytes, &v4.sin_addr, sizeof bytes);
        return net::Address::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    if (address != nullptr && address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        net::Address result;
        std::memcpy(result.bytes.data(), &v6.sin6_addr, result.bytes.size());
        return result;
    }
    return std::nullopt;
}

}  // namespace

std::string read_resolv_conf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(max_resolv_conf_bytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::vector<net::Address> local_addresses() {
    std::vector<net::Address> addresses;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) {
        return addresses;
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
    for (const auto* interface = first; interface != nullptr; interface = interface->ifa_next) {
        if (const auto address = address_of(interface->ifa_addr)) {
            addresses.push_back(*address);
        }
    }
    return addresses;
}

std::optional<Diagnostic> find_system_upstreams(Settings& settings, const std::string& path) {
    if (!settings.use_master_upstream || !settings.master_is_system) {
        return std::nullopt;
    }
    const auto conf = parse_resolv_conf(read_resolv_conf(path));
    settings.master_upstream.clear();
    for (const auto& endpoint : system_upstreams(conf, {listen_endpoints(settings), local_addresses()})) {
        settings.master_upstream.push_back({"", endpoint});
    }
    if (!settings.master_upstream.empty()) {
        return std::nullopt;
    }
    return Diagnostic{Severity::error, path, 0,
                      conf.nameservers.empty()
                          ? "`masterupstream = system` needs a nameserver here; none was found"
                          : "`masterupstream = system` needs a nameserver that is not dproxy itself; none was found"};
}

}  // namespace dproxy::config
