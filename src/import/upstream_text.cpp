// SPDX-License-Identifier: MIT
#include "import/upstream_text.hpp"

#include "ini/typed_values.hpp"
#include "net/address.hpp"

namespace dproxy::foreign {

std::optional<std::string> upstream_text(std::string_view host, std::string_view port) {
    if (!port.empty() && !config::parse_number(port, 1, 65535)) return std::nullopt;
    const auto address = net::Address::parse_zoned(host);
    const bool bare = port.empty();
    std::string text = address ? address->to_string() : std::string(host);
    // An IPv6 address alone stands for itself; a colon elsewhere would be a port's.
    if (!address && (host.empty() || host.find_first_of(":/[]@# \t") != std::string_view::npos)) return std::nullopt;
    if (address && !address->is_v4() && !bare) text = "[" + text + "]";
    if (!bare) text += ":" + std::string(port);
    if (!config::parse_target(text, config::dns_port)) return std::nullopt;
    return text;
}

Cut cut_at(std::string_view text, char sign) {
    const auto at = text.find(sign);
    if (at == std::string_view::npos) return {text, {}};
    return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace dproxy::foreign
