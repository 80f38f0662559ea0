// SPDX-License-Identifier: MIT
// /history: what was counted in the last two hours, as JSON. Documented in docs/operations.md.
#pragma once

#include "admin/http_server.hpp"
#include "admin/pages.hpp"
#include "server/history_watch.hpp"

namespace dproxy::server {

/// The last so many seconds, and tens of seconds, of it as it is now: a piece for each route and upstream, so that it
/// takes nobody's turn for long and holds next to nothing while its reader is slow. The watch outlives what is given
/// out.
admin::NextPiece history_page(const HistoryWatch& watch, std::uint32_t seconds = admin::longest_history);

}  // namespace dproxy::server
