// SPDX-License-Identifier: MIT
// Whose queries see a section of a .prox file: those of some client networks, of some types, or all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "net/address.hpp"

namespace dproxy::routing {

/// What of a query, besides its name, chooses a route.
struct Asker {
    const net::Address* client = nullptr;  ///< null: not known, sees what all clients see
    std::uint16_t type = 0;                ///< 0: not known, likewise
};

/// Immutable once built. Equal ones are written the same: networks and types stand in order, each once.
struct Audience {
    std::vector<net::Network> clients;  ///< empty: all. A query goes by the table's own map of all sections' networks
    std::vector<std::uint16_t> types;  ///< empty: all

    bool is_everybody() const { return clients.empty() && types.empty(); }
    bool has_type(std::uint16_t type) const { return std::binary_search(types.begin(), types.end(), type); }
    /// By asking each network: for explanations and rare questions.
    bool is_for_client(const Asker& asker) const {
        return clients.empty() ||
               (asker.client != nullptr && std::any_of(clients.begin(), clients.end(), [&](const net::Network& one) {
                    return one.contains(*asker.client);
                }));
    }
    bool is_for_type(const Asker& asker) const { return types.empty() || has_type(asker.type); }
    auto operator<=>(const Audience&) const = default;

    /// `clients=10.0.0.0/8,fd00::/8 types=A,AAAA`, or nothing for everybody.
    std::string to_string() const;
    /// The same behind the header of a section, `[.x] clients=10.0.0.0/8`: what the section is called where headers
    /// alone would not tell sections apart. For everybody it is the header as it stands, `.x`.
    std::string label_of(std::string_view header) const;
};

}  // namespace dproxy::routing
