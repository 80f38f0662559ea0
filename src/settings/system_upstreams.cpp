// SPDX-License-Identifier: MIT
#include "settings/system_upstreams.hpp"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "io/interfaces.hpp"

namespace dproxy::config {

std::string read_resolv_conf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(max_resolv_conf_bytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() == max_resolv_conf_bytes) {
        text.resize(text.rfind('\n') + 1);  // half a line might say something else
    }
    return text;
}

ResolverEnvironment resolver_environment() {
    ResolverEnvironment environment;
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) {
        environment.host_name = name.data();
    }
    if (const char* domain = std::getenv("LOCALDOMAIN")) {
        environment.local_domain = domain;
    }
    if (const char* options = std::getenv("RES_OPTIONS")) {
        environment.options = options;
    }
    return environment;
}

std::optional<Diagnostic> find_system_upstreams(Settings& settings, const std::string& path) {
    if (!settings.use_master_upstream || !settings.master_is_system) {
        return std::nullopt;
    }
    const auto conf = parse_resolv_conf(read_resolv_conf(path));
    settings.master_upstream.clear();
    for (const auto& endpoint : system_upstreams(conf, {listen_endpoints(settings), io::local_addresses()})) {
        settings.master_upstream.push_back({"", endpoint});
    }
    if (!settings.master_upstream.empty()) {
        return std::nullopt;
    }
    return Diagnostic{Severity::error, path, 0,
                      conf.names_none
                          ? "`masterupstream = system` finds no nameserver here, which means 127.0.0.1, and there "
                            "dproxy itself listens"
                          : "`masterupstream = system` needs a nameserver that is not dproxy itself; none was found"};
}

}  // namespace dproxy::config
