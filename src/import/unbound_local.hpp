// SPDX-License-Identifier: MIT
// What unbound answers by itself: `local-zone` and `local-data`, of all clients or of a view's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "import/draft.hpp"
#include "net/keyed_hash.hpp"

namespace dproxy::foreign {

class UnboundLocal {
public:
    void add_zone(std::uint32_t line, std::string_view name, std::string_view type, Draft& draft);
    /// `NAME [TTL] [IN] TYPE DATA`
    void add_data(std::uint32_t line, std::string_view record, Draft& draft);
    bool empty() const { return zones_.empty() && owners_.empty(); }
    /// As sections, with these keys (`clients`, `allow`) in each.
    void write(const std::vector<std::pair<std::string, std::string>>& keys, Draft& draft) const;

private:
    using Index = std::unordered_map<std::string, std::size_t, net::TextHash, std::equal_to<>>;
    struct Zone {
        std::uint32_t line;
        std::string name;
        std::string type;
    };
    struct Owner {
        std::uint32_t line;
        std::string name;
        std::vector<std::string> v4, v6;
        std::string ttl;
    };
    const Zone* zone_of(std::string_view name) const;
    void write_zone(const Zone& zone, Section section, Draft& draft) const;
    void write_owner(const Owner& owner, Section section, Draft& draft) const;
    static void set_addresses(const Owner& owner, Section& section);

    std::vector<Zone> zones_;
    std::vector<Owner> owners_;
    Index zone_index_;
    Index owner_index_;
};

}  // namespace dproxy::foreign
