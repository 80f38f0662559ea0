// SPDX-License-Identifier: MIT
#include "routing/audience.hpp"

#include "dns/message.hpp"

namespace dproxy::routing {

std::string Audience::to_string() const {
    std::string text;
    for (const net::Network& network : clients) {
        text += text.empty() ? "clients=" : ",";
        text += network.to_string();
    }
    if (types.empty()) return text;
    text += text.empty() ? "types=" : " types=";
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (i > 0) text += ',';
        text += dns::type_name(types[i]);
    }
    return text;
}

std::string Audience::label_of(std::string_view header) const {
    if (is_everybody()) return std::string(header);
    std::string text = "[";
    return text.append(header).append("] ").append(to_string());
}

}  // namespace dproxy::routing
