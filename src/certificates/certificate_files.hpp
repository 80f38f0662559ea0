// SPDX-License-Identifier: MIT
// The files that say what clients find encrypted: certificates, their keys, authorities of clients, keys of tickets. Of
// each the last good version is kept. Reads files when it is asked to; knows no clock and watches nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "certificates/file_text.hpp"
#include "ini/diagnostic.hpp"
#include "io/stream_filter.hpp"
#include "settings/settings.hpp"
#include "tls/authorities.hpp"
#include "tls/identity.hpp"
#include "tls/ticket_keys.hpp"

namespace dproxy::certificates {

/// Of a pair of certificate and key, under the name of the certificate's file.
struct CertificateState {
    std::string file{};
    bool valid = false;                      ///< what the files say now is in force, and its time is now
    std::optional<std::int64_t> expires{};   ///< what is in force, in seconds since 1970; nothing: none ever was good
    std::vector<std::string> names{};        ///< that it is for, addresses too

    bool operator==(const CertificateState&) const = default;
};

struct Now {
    std::int64_t seconds = 0;        ///< since 1970
    std::uint64_t monotonic_ns = 0;
};

/// One thread.
class CertificateFiles {
public:
    CertificateFiles(config::TlsSettings settings, std::uint64_t now_ns);

    /// Reads all of them. True where filters() are others than before.
    bool read(const Now& now);
    /// All null: there is no certificate yet, or not known whose clients may come; so nobody may.
    const io::FilterSources& filters() const { return filters_; }
    const std::vector<CertificateState>& states() const { return states_; }
    /// Of what was read last, errors all: also what has expired, or is not yet valid.
    const config::Diagnostics& faults() const { return faults_; }

    /// Directories to watch for changes.
    std::vector<std::string> directories() const;

private:
    std::vector<std::string> names() const;
    bool read_pair(std::size_t pair, const Now& now);
    bool read_client_authorities();
    bool read_ticket_keys(const Now& now);
    void tell(std::string file, std::string message);
    void make_filters();

    const config::TlsSettings settings_;
    std::vector<FileText> files_{};  ///< in the order of names()
    std::vector<std::shared_ptr<const tls::Identity>> identities_;  ///< the last good of each pair, or null
    std::shared_ptr<const tls::Authorities> client_authorities_{};
    std::vector<tls::TicketKey> ticket_keys_{};  ///< of files; empty: none was ever good
    tls::OwnTicketKeys own_ticket_keys_;
    std::vector<CertificateState> states_;
    config::Diagnostics faults_{};
    io::FilterSources filters_{};
};

}  // namespace dproxy::certificates
