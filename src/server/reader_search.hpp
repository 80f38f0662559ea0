// SPDX-License-Identifier: MIT
// Where a reader is looked for: at the place that is written, or at the addresses of its host name, one after the
// other. What is known of the host comes in, places come out: no sockets, no clock.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "hosts/host_reports.hpp"
#include "io/reader_address.hpp"

namespace dproxy::server {

class ReaderSearch {
public:
    explicit ReaderSearch(io::ReaderAddress reader) : reader_(std::move(reader)) {}

    const io::ReaderAddress& reader() const { return reader_; }
    /// What is known of the reader's host now. To be called before next() and leads_to(), where there is one.
    void learn(proxy::HostReport host) { host_ = std::move(host); }

    /// The address behind the one before, and after the last the first; it has no host. Nothing: none is known.
    std::optional<io::ReaderAddress> next();
    /// Every address had its turn since the search began.
    bool is_through() const { return reader_.host.empty() || turns_ >= host_.addresses.size(); }
    /// A reader was found, or nobody is there for now.
    void begin_again() { turns_ = 0; }
    /// Why no address is known; empty: it was not found out yet.
    const std::string& fault() const { return host_.fault; }

    /// Whether a place that next() gave is still one of the reader's.
    bool leads_to(const io::ReaderAddress& place) const;

private:
    const io::ReaderAddress reader_;
    proxy::HostReport host_;
    net::Address last_;      ///< that next() gave
    std::size_t turns_ = 0;  ///< since the search began
};

}  // namespace dproxy::server
