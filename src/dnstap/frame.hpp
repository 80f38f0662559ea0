// SPDX-License-Identifier: MIT
// A record as the payload of one data frame: the message Dnstap of dnstap.proto (https://dnstap.info), in protobuf's
// wire format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dnstap/record.hpp"

namespace dproxy::dnstap {

/// What readers and writers of such frames agree on first.
inline constexpr std::string_view content_type = "protobuf:dnstap.Dnstap";

/// One thread: it keeps room for the message at hand.
class FrameForm {
public:
    /// Who tells: a host's name, and what it runs.
    FrameForm(std::string identity, std::string version);

    /// Appends the record to `out`. `unix_ns`: what is to be added to a time of the monotonic clock to have that of the
    /// wall clock, in nanoseconds since 1970.
    void append(const Record& record, std::int64_t unix_ns, std::vector<std::uint8_t>& out);

private:
    std::string identity_;
    std::string version_;
    std::vector<std::uint8_t> message_;
};

}  // namespace dproxy::dnstap
