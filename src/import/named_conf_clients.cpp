// SPDX-License-Identifier: MIT
// Held by tests/unit/import/named_conf_test.cpp.
#include "import/named_conf_clients.hpp"

#include <algorithm>

#include "net/address.hpp"

namespace dproxy::foreign {
namespace {

/// `10/8` is short for `10.0.0.0/8`.
std::string whole_network(std::string_view text) {
    const auto slash = text.find('/');
    std::string address(text.substr(0, slash));
    if (slash == std::string_view::npos || address.find(':') != std::string::npos) return std::string(text);
    if (address.empty() || address.find_first_not_of("0123456789.") != std::string::npos) return std::string(text);
    for (auto dots = std::count(address.begin(), address.end(), '.'); dots < 3; ++dots) address += ".0";
    return address + std::string(text.substr(slash));
}

}  // namespace

void NamedAcls::add(const NamedStatement& acl) { acls_.insert_or_assign(plain_name(acl.word(1)), acl); }

ClientList NamedAcls::clients_of(const NamedStatement& list) {
    clients_ = {};
    seen_.clear();
    seen_acls_.clear();
    collect(list, 0);
    return std::move(clients_);
}

void NamedAcls::add_network(std::string network) {
    if (seen_.insert(network).second) clients_.networks.push_back(std::move(network));
}

/// Lists may name lists that name lists, or themselves.
void NamedAcls::collect(const NamedStatement& list, std::size_t depth) {
    for (const auto& element : list.block) {
        if (depth > max_block_depth || elements_ == max_acl_elements) {
            if (seen_.insert("...").second) clients_.unknown.emplace_back("...");
            return;
        }
        ++elements_;
        collect_one(element, depth);
    }
}

/// What is excluded stands first where it has an effect; `!any` at the end is what holds without it.
void NamedAcls::collect_one(const NamedStatement& element, std::size_t depth) {
    const std::string word = plain_name(element.name());  // in any case
    if (word == "!") {
        if (plain_name(element.word(1)) != "any") clients_.unknown.push_back("! " + std::string(element.word(1)));
    } else if (element.has_block) {
        collect(element, depth + 1);
    } else if (word == "any") {
        clients_.everybody = true;
    } else if (word == "localhost") {
        add_network("127.0.0.0/8");
        add_network("::1");
    } else if (word == "none") {
        return;
    } else if (const auto acl = acls_.find(word); acl != acls_.end()) {
        if (seen_acls_.insert(word).second) collect(acl->second, depth + 1);  // once: more adds nothing
    } else if (std::string network = whole_network(word); net::Network::parse(network)) {
        add_network(std::move(network));
    } else {
        clients_.unknown.emplace_back(element.name());
    }
}

}  // namespace dproxy::foreign
