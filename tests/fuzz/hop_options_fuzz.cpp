// SPDX-License-Identifier: MIT
// Options of the hop taken out of a message leave one that walks where it did and has none; a cookie put into it stands
// there alone, and taken out again leaves what was there.
#include <algorithm>
#include <vector>

#include "dns/hop_options.hpp"
#include "dns/opt_record.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes message(data, size);
    Query query = read_query(message);
    MUST_HOLD(!query.hop.has_cookie || query.hop.server_cookie_offset + query.hop.server_cookie_length <= size);
    MUST_HOLD(!query.is_signed || !query.hop.any);
    std::vector<std::uint8_t> relayed(message.begin(), message.end());
    relayed.resize(remove_hop_options(relayed, query));
    const Query changed = read_query(relayed);
    MUST_HOLD(query.form != QueryForm::good || !query.walks || query.is_signed || !changed.hop.any);
    MUST_HOLD(changed.walks == query.walks && changed.records_end == query.records_end);

    if (size < header_length) return 0;
    std::vector<std::uint8_t> reply(message.begin(), message.end());
    reply.resize(remove_hop_options(reply));
    MUST_HOLD(reply.size() <= size && find_opt(reply).walks == find_opt(message).walks);

    HopAnswer answer;
    answer.add_cookie(ClientCookie{1}, ServerCookie{2});
    std::vector<std::uint8_t> out(reply.size() + answer.options().size() + opt_fixed_length);
    const std::size_t length = write_with_options(reply, answer.options(), out);
    if (length == 0) return 0;
    out.resize(length);
    const OptPlace place = find_opt(out);
    MUST_HOLD(place.walks && place.found);
    // With a second OPT, which is no longer behind the first, the latter is the first one.
    if (place.records_end != place.opt.end) return 0;
    MUST_HOLD(place.opt.end - place.opt.data >= answer.options().size());
    return 0;
}
