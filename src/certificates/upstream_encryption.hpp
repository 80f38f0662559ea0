// SPDX-License-Identifier: MIT
// What connections to upstreams are encrypted by, from what route files say.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "io/stream_filter.hpp"
#include "route_files/encryption_check.hpp"
#include "routing/route_settings.hpp"
#include "tls/authorities.hpp"
#include "tls/client_context.hpp"

namespace dproxy::certificates {

/// Any thread. Authorities are read once, and shared by all upstreams that go by them.
class UpstreamEncryption final : public config::EncryptionCheck {
public:
    explicit UpstreamEncryption(std::string system_file = std::string(tls::system_authorities_file));

    std::string authorities_fault(const routing::TextBeside& file) const override;
    std::string identity_fault(const routing::TextBeside& certificate,
                               const routing::TextBeside& key) const override;
    bool is_pin(std::string_view text) const override;

    /// Of an upstream whose section was found good; null where its files are good no more.
    std::shared_ptr<const io::PeerFilterSource> filters(const routing::UpstreamKey& upstream) const;

private:
    tls::AuthoritiesReading authorities(const routing::TextBeside& file) const;
    tls::AuthoritiesReading system_authorities() const;

    const std::string system_file_;
    mutable std::mutex mutex_;  ///< guards what follows
    mutable std::shared_ptr<const tls::Authorities> system_;  ///< null: not read yet
    /// By the text of their file, for as long as somebody goes by them,
    mutable std::map<std::string, std::weak_ptr<const tls::Authorities>, std::less<>> known_;
    /// or until so many others were read: sections are looked at before anybody does.
    static constexpr std::size_t recent_count = 16;
    mutable std::array<std::shared_ptr<const tls::Authorities>, recent_count> recent_;
    mutable std::size_t next_recent_ = 0;
};

}  // namespace dproxy::certificates
