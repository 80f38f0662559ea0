// SPDX-License-Identifier: MIT
// Whatever a client writes into Forwarded and X-Forwarded-For (lines of the input, by turns), the hop that its proxy
// appends is what counts, and who is not trusted is believed nothing.
#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "http/forwarded.hpp"

using namespace dproxy;
using net::Address;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const net::NetworkList trusted({*net::Network::parse("10.0.0.0/8")});
    const Address proxy = Address::v4(10, 0, 0, 1), client = Address::v4(192, 0, 2, 1);
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    http::ForwardingFields fields;
    for (bool standard = true; !rest.empty(); standard = !standard) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        fields.take(standard ? "forwarded" : "x-forwarded-for", line);
    }
    MUST_HOLD(http::forwarded_client(client, trusted, fields).address == client);
    const auto found = http::forwarded_client(proxy, trusted, fields);
    MUST_HOLD(!found.is_contradictory || found.address == proxy);

    // Appended to the line that is there, or as a line of its own.
    for (const bool own_line : {false, true}) {
        http::ForwardingFields behind = fields;
        for (auto* values : {&behind.forwarded, &behind.x_forwarded_for}) {
            if (own_line || values->empty()) values->emplace_back();
            if (!values->back().empty()) values->back() += ", ";
        }
        behind.forwarded.back() += "for=\"192.0.2.1:80\";proto=https";
        behind.x_forwarded_for.back() += "192.0.2.1";
        MUST_HOLD(http::forwarded_client(proxy, trusted, behind).address == client);
    }
    return 0;
}
