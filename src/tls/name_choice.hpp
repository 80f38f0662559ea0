// SPDX-License-Identifier: MIT
// Which certificate is for a name: what certificates say they are for, and the name that a client asks for (RFC 6066
// 3).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::tls {

/// As names of certificates are compared (RFC 6125 6.4): ASCII lower case, without a dot at its end.
std::string compared_name(std::string_view name);

/// Immutable once filled.
class NameChoice {
public:
    /// `name` as in a certificate: `dns.example`, or `*.example`, which stands for one label (RFC 6125 6.4.3). Any
    /// other star matches nothing.
    void add(std::string_view name, std::size_t certificate);
    /// Those for this name, in the order in which they were added: an exact one before all wildcards. Empty: none.
    const std::vector<std::size_t>& find(std::string_view name) const noexcept;

    static constexpr std::size_t longest_name = 255;  ///< RFC 1035 2.3.4; a longer one is nobody's

private:
    using Names = std::map<std::string, std::vector<std::size_t>, std::less<>>;

    Names exact_;
    Names below_;  ///< of `*.example`: `example`
    std::vector<std::size_t> none_;
};

}  // namespace dproxy::tls
