// SPDX-License-Identifier: MIT
// Whom a client means to speak to, and how it makes sure of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/address.hpp"
#include "tls/authorities.hpp"
#include "tls/context_rules.hpp"
#include "tls/identity.hpp"
#include "tls/pin.hpp"

namespace dproxy::tls {

struct ClientOptions {
    /// Sent as the name that is asked for (RFC 6066 3), and looked for in the certificate: among its names only, never
    /// in its CN. Or an address, as text: not sent, and looked for among its addresses.
    std::string name{};
    /// None: what is encrypted is encrypted, nothing is verified but pins.
    std::shared_ptr<const Authorities> authorities{};
    /// One of these must be in the chain, also of one that an authority vouches for. Empty: any may.
    std::vector<Pin> pins{};
    std::shared_ptr<const Identity> identity{};  ///< shown where the server asks for one; or none
    std::vector<std::string> protocols{};        ///< the best first
    Version least = Version::tls12;
};

/// Immutable, shared by whoever speaks to the same upstream; any thread.
class ClientContext {
public:
    explicit ClientContext(ClientOptions options);
    ClientContext(const ClientContext&) = delete;
    ClientContext& operator=(const ClientContext&) = delete;

    ssl_ctx_st* context() const { return context_.get(); }
    /// The name to send, empty for an address.
    const std::string& sent_name() const { return sent_name_; }

private:
    struct Callbacks;  ///< what OpenSSL calls

    void expect_name();
    void take_authorities();

    ClientOptions options_;
    std::string sent_name_;
    ContextHandle context_;
};

}  // namespace dproxy::tls
