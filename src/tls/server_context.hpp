// SPDX-License-Identifier: MIT
// What a server shows and asks for: its certificates, its protocols, whose clients it takes, the keys of its tickets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tls/authorities.hpp"
#include "tls/context_rules.hpp"
#include "tls/identity.hpp"
#include "tls/name_choice.hpp"
#include "tls/ticket_keys.hpp"

namespace dproxy::tls {

struct ServerOptions {
    /// Chosen by the name that a client asks for (RFC 6066 3); the first one where it names none, or one that none of
    /// them has. None at all: every handshake is refused, Failure::no_certificate.
    std::vector<std::shared_ptr<const Identity>> identities{};
    /// The best first. A client that names protocols, and none of these, is refused (RFC 7301 3.2); one that names none
    /// is served.
    std::vector<std::string> protocols{};
    /// Clients must show a certificate of these.
    std::shared_ptr<const Authorities> client_authorities{};
    Version least = Version::tls12;
    /// The first seals, all open. Empty: no session is resumed.
    std::vector<TicketKey> ticket_keys{};
};

/// Immutable, shared by all workers, which make sessions of it. Other certificates or keys are another context: new
/// connections go by that one, those that are there keep theirs. It remembers no session: what is resumed comes in the
/// client's ticket, made here or by another context with the same ticket keys, protocols and client authorities.
class ServerContext {
public:
    static constexpr long ticket_lifetime = 2 * 3600;  ///< seconds
    /// For each handshake of TLS 1.3. Clients of DNS have one connection at a time, and each ticket costs as much time
    /// as a signature.
    static constexpr std::size_t tickets_each = 1;

    explicit ServerContext(ServerOptions options);
    ServerContext(const ServerContext&) = delete;
    ServerContext& operator=(const ServerContext&) = delete;

    ssl_ctx_st* context() const { return context_.get(); }
    /// The certificates that a client which asks for this name is shown, one for each kind of key.
    const std::vector<std::size_t>& shown_to(std::string_view asked_name) const noexcept;

private:
    struct Callbacks;  ///< what OpenSSL calls within a handshake

    void take_certificates_for_others();
    void take_client_authorities();
    void take_ticket_keys();
    void bind_tickets_to_options();

    ServerOptions options_;
    NameChoice by_name_;
    std::vector<std::size_t> for_others_;
    std::vector<std::uint8_t> protocol_list_;
    CipherHandle ticket_cipher_;
    ContextHandle context_;
};

}  // namespace dproxy::tls
