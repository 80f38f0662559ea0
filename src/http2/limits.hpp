// SPDX-License-Identifier: MIT
// Limits of a connection that speaks HTTP/2; those of a request stand in http/limits.hpp. None of them is a setting.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/limits.hpp"

namespace dproxy::http2 {

/// Streams that a client may have open, and that are opened towards a server that would take more (RFC 9113 5.1.2).
inline constexpr std::uint32_t concurrent_streams = 100;
/// Of the table that fields are compressed by, in each direction (RFC 7541 4.2): what is agreed on without a word.
inline constexpr std::uint32_t header_table_bytes = 4096;
/// Of one head, unpacked. Up to here a client that says too much is told so (431); beyond, the connection ends.
inline constexpr std::size_t endless_header_bytes = 4 * http::header_bytes;
/// Of one head, packed, and the frames that it may come in behind the first (CVE-2024-24549 and its kin).
inline constexpr std::size_t packed_header_bytes = 2 * http::header_bytes;
inline constexpr std::uint32_t continuation_frames = 8;
/// Window of a stream, and of a connection to begin with (RFC 9113 6.9.2): a whole message fits.
inline constexpr std::uint32_t stream_window = 65535;
/// Of bodies that have begun to come and are not whole, in all streams of one client. Who goes beyond is refused.
inline constexpr std::size_t unfinished_body_bytes = 256 * 1024;
/// Of answers that a client makes no room for: with more, its further requests are refused (REFUSED_STREAM).
inline constexpr std::size_t unsent_answer_bytes = 256 * 1024;
/// SETTINGS and PING that are owed an acknowledgement which was not fetched, and parameters in one SETTINGS frame.
inline constexpr std::size_t unsent_acknowledgements = 100;
inline constexpr std::size_t settings_parameters = 32;

/// How many frames that cost more than they carry may come: so many at once, and so many more each second.
struct Allowance {
    std::uint32_t at_once;
    std::uint32_t each_second;
    std::uint32_t each_request;  ///< and for each request that comes
};
/// Streams that were reset, by the peer or because of it (CVE-2023-44487, CVE-2025-8671).
inline constexpr Allowance reset_allowance{200, 20, 0};
inline constexpr Allowance settings_allowance{20, 1, 0};
inline constexpr Allowance ping_allowance{50, 5, 0};
inline constexpr Allowance priority_allowance{200, 10, 2};
inline constexpr Allowance window_update_allowance{200, 10, 8};
/// DATA that carries nothing and ends nothing.
inline constexpr Allowance empty_data_allowance{50, 1, 0};
/// Of types that are not known here (RFC 9113 5.5), with those that mean nothing to a server.
inline constexpr Allowance unknown_allowance{200, 10, 2};

}  // namespace dproxy::http2
