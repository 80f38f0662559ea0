// SPDX-License-Identifier: MIT
// The page at / where something was searched or asked: the fields again, and the answer.
#pragma once

#include "admin/http_server.hpp"
#include "server/counter_sums.hpp"
#include "server/page_frame.hpp"
#include "server/reloader.hpp"
#include "settings/settings.hpp"

namespace dproxy::server {

/// What the answers come from; outlives what is given out.
struct AnswerSources {
    const Reloader& reloader;
    const config::Settings& settings;
    Workers counters;
};

/// A search is done while it is read, slice by slice.
admin::NextPiece answer_page(const PageQuestion& question, const AnswerSources& from);

/// Of the parameters search, name, type, client and refresh; what else there is means nothing.
PageQuestion page_question(const admin::Parameters& parameters);

}  // namespace dproxy::server
