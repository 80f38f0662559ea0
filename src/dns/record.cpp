// SPDX-License-Identifier: MIT
#include "dns/record.hpp"

namespace dproxy::dns {

bool skip_questions(Bytes message, std::size_t& at) {
    for (unsigned left = question_count(message); left != 0; --left) {
        if (!skip_name(message, at)) return false;
        at += 4;
        if (at > message.size()) return false;
    }
    return true;
}

bool is_signature(Bytes message, const Record& record) {
    if (record.type == type::tsig) return true;
    return record.type == type::sig && record.end - record.data >= 2 && read_u16(message.data() + record.data) == 0;
}

OptPlace find_opt(Bytes message) {
    OptPlace place;
    std::size_t at = header_length;
    if (message.size() < header_length || !skip_questions(message, at)) return place;
    const unsigned before = unsigned{answer_count(message)} + authority_count(message);
    const unsigned count = before + additional_count(message);
    Record record;
    for (unsigned index = 0; index < count; ++index) {
        if (!read_record(message, at, record)) return place;
        if (place.found || index < before || record.type != type::opt || !record.has_root_owner()) continue;
        place.found = true;
        place.opt = record;
    }
    place.walks = true;
    place.is_signed = count != 0 && is_signature(message, record);
    place.records_end = at;
    return place;
}

}  // namespace dproxy::dns
