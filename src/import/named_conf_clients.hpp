// SPDX-License-Identifier: MIT
// Lists of clients in named.conf (`match-clients`, `allow-query`), with the `acl`s that they name, as networks.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "import/named_conf_statements.hpp"

namespace dproxy::foreign {

/// Elements of all lists of a file, those of the `acl`s that lists name counted each time.
inline constexpr std::size_t max_acl_elements = 1'000'000;

struct ClientList {
    bool everybody = false;             ///< `any`
    std::vector<std::string> networks;  ///< each once; none and not everybody: nobody, or nobody that is known
    std::vector<std::string> unknown;   ///< parts that are no networks: keys, `localnets`, what is excluded
};

class NamedAcls {
public:
    void add(const NamedStatement& acl);
    /// What the block of a statement names. `localhost` is taken for the loopback networks alone.
    ClientList clients_of(const NamedStatement& list);

private:
    void collect(const NamedStatement& list, std::size_t depth);
    void collect_one(const NamedStatement& element, std::size_t depth);
    void add_network(std::string network);

    std::map<std::string, NamedStatement, std::less<>> acls_;
    std::size_t elements_ = 0;  ///< looked at so far
    ClientList clients_;        ///< of the list that is read
    std::set<std::string, std::less<>> seen_;
    std::set<std::string, std::less<>> seen_acls_;
};

}  // namespace dproxy::foreign
