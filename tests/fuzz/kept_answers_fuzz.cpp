// SPDX-License-Identifier: MIT
// Replies of a hostile upstream, kept and given out again, beside a map and a clock: what is found is what the map has,
// at the age that the clock says, and is a whole answer to its asker.
#include <algorithm>
#include <map>
#include <vector>

#include "cache/answer_memory.hpp"
#include "cache/keeping.hpp"
#include "dns/name.hpp"
#include "dns/record.hpp"
#include "fuzz.hpp"

using namespace dproxy;
using Octets = std::vector<std::uint8_t>;

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::size_t most_steps = 64;

/// Steps of the input, each a byte that says what is done, a byte for it, and a message.
class Steps {
public:
    explicit Steps(dns::Bytes input) : rest_(input) {}
    bool next() {
        if (rest_.size() < 4 || ++count_ > most_steps) return false;
        kind = rest_[0];
        number = rest_[1];
        message = rest_.subspan(4, std::min<std::size_t>(dns::read_u16(rest_.data() + 2), rest_.size() - 4));
        rest_ = rest_.subspan(4 + message.size());
        return true;
    }
    std::uint8_t kind = 0, number = 0;
    dns::Bytes message;

private:
    dns::Bytes rest_;
    std::size_t count_ = 0;
};

/// What a client would ask to be sent such a reply: with an OPT where bit 2 of `kind` is set, and DO where bit 3 is.
Octets query_for(dns::Bytes reply, std::uint8_t kind) {
    dns::Question question;
    if (reply.size() < dns::header_length || dns::read_question(reply, question) != dns::QuestionFault::none) return {};
    Octets query(reply.begin(), reply.begin() + question.end);
    query[2] &= 0x01;
    query[3] &= 0x30;
    const bool has_opt = (kind & 4) != 0;
    for (const std::size_t at : {6U, 7U, 8U, 9U, 10U, 11U, 4U, 5U}) query[at] = 0;
    query[5] = 1;
    query[11] = has_opt ? 1 : 0;
    const std::uint8_t flags = (kind & 8) != 0 ? 0x80 : 0;
    const Octets opt{0, 0, 41, 0x04, 0xd0, 0, 0, flags, 0, 0, 0};
    if (has_opt) query.insert(query.end(), opt.begin(), opt.end());
    return query;
}

/// All TTLs but the OPT's, and the least of them, by a walk of its own.
std::vector<std::uint32_t> ttls_of(dns::Bytes message) {
    std::vector<std::uint32_t> ttls;
    std::size_t at = dns::header_length;
    MUST_HOLD(dns::skip_questions(message, at));
    const unsigned count =
        dns::answer_count(message) + dns::authority_count(message) + dns::additional_count(message);
    for (unsigned index = 0; index < count; ++index) {
        dns::Record record;
        MUST_HOLD(dns::read_record(message, at, record));
        MUST_HOLD(!dns::is_signature(message, record));
        if (record.type != dns::type::opt) ttls.push_back(record.ttl(message));
    }
    MUST_HOLD(at == message.size());
    return ttls;
}

struct Known {
    std::uint64_t at_ns = 0;
    std::uint32_t fresh_s = 0, stale_s = 0;
    std::vector<std::uint32_t> ttls;
};
/// By flags of the key, and its question in lower case.
using Model = std::map<std::pair<std::uint16_t, Octets>, Known>;

Model::key_type model_key(const cache::QuestionKey& key) {
    Octets question(key.question.begin(), key.question.end());
    std::transform(question.begin(), question.end() - 4, question.begin(), dns::to_lower);
    return {key.flags, question};
}

class World {
public:
    explicit World(const cache::KeepingTerms& terms) : terms_(terms) { memory_.open(0); }

    void wait(std::uint64_t time_ns) { now_ns_ += time_ns; }
    void forget(dns::Bytes domain) {
        const auto is_below = [&](dns::Bytes question) {
            return dns::is_within(question.first(question.size() - 4), domain);
        };
        memory_.forget([&](const cache::KeptAnswer& kept) { return is_below(kept.key().question); }, now_ns_);
        std::erase_if(model_, [&](const auto& one) { return is_below(one.first.second); });
    }
    void ask_and_reply(const Octets& query, dns::Bytes reply) {
        const dns::Query read = dns::read_query(query);
        const auto key = cache::key_of(query, read, 1, {});
        if (!key) return;
        check_found(query, read, *key);
        const auto record = cache::make_kept(reply, *key, terms_, {now_ns_, false}, made_);
        if (record.empty()) return;
        const Known known = judge(reply, record, query, read, *key);
        if (memory_.keep(0, record, now_ns_)) model_.insert_or_assign(model_key(*key), known);
        check_found(query, read, *key);
    }

private:
    /// What was kept is no more than may be.
    Known judge(dns::Bytes reply, std::span<const std::uint64_t> record, const Octets& query, const dns::Query& read,
                const cache::QuestionKey& key) {
        const cache::KeptAnswer kept(record);
        MUST_HOLD(cache::is_same_question(kept.key(), key));
        MUST_HOLD(dns::is_response(reply) && !dns::is_truncated(reply));
        const auto rcode = static_cast<dns::Rcode>(dns::rcode_of(reply));
        const bool is_failure = rcode == dns::Rcode::servfail;
        MUST_HOLD(is_failure || rcode == dns::Rcode::noerror || rcode == dns::Rcode::nxdomain);
        Known known{now_ns_, kept.head().fresh_s, kept.head().stale_s, ttls_of(answer(kept, query, read))};
        MUST_HOLD(known.fresh_s > 0);
        std::uint32_t least = 0x7fffffff;
        for (const std::uint32_t ttl : ttls_of(reply)) least = std::min(least, ttl > 0x7fffffff ? 0 : ttl);
        MUST_HOLD(is_failure || known.fresh_s <= std::clamp(least, terms_.least_s, terms_.most_s));
        MUST_HOLD(!is_failure || (known.fresh_s == cache::failure_kept_s && known.stale_s == 0));
        for (const std::uint32_t ttl : known.ttls) MUST_HOLD(ttl <= terms_.most_s);
        return known;
    }
    Octets answer(const cache::KeptAnswer& kept, const Octets& query, const dns::Query& read) {
        Octets out(kept.room());
        out.resize(kept.write(query, read, now_ns_, out));
        return out;
    }
    void check_found(const Octets& query, const dns::Query& read, const cache::QuestionKey& key) {
        const auto found = memory_.find(key, now_ns_, room_);
        if (!found) return;
        memory_.count_hit(found);
        const auto at = model_.find(model_key(key));
        MUST_HOLD(at != model_.end());
        const Known& known = at->second;
        const std::uint64_t gone_s = (now_ns_ - known.at_ns) / second_ns;
        MUST_HOLD(gone_s < std::uint64_t{known.fresh_s} + known.stale_s);
        const cache::KeptAnswer kept(found.words);
        const bool is_stale = kept.age(now_ns_) == cache::Age::stale;
        MUST_HOLD(is_stale == (gone_s >= known.fresh_s));

        const Octets reply = answer(kept, query, read);
        MUST_HOLD(std::equal(query.begin(), query.begin() + 2, reply.begin()));
        MUST_HOLD(std::equal(query.begin() + dns::header_length, query.begin() + read.question.end,
                             reply.begin() + dns::header_length));
        const dns::OptPlace opt = dns::find_opt(reply);
        MUST_HOLD(opt.walks && !opt.is_signed && opt.found == read.has_edns);
        const auto ttls = ttls_of(reply);
        MUST_HOLD(ttls.size() == known.ttls.size());
        for (std::size_t number = 0; number < ttls.size(); ++number) {
            const std::uint32_t before = known.ttls[number];
            MUST_HOLD(ttls[number] == (is_stale ? 30 : before - std::min<std::uint64_t>(gone_s, before)));
        }
        if (!opt.found) return;
        MUST_HOLD(dns::walk_options(opt.opt.rdata(reply), [](std::uint16_t code, dns::Bytes, std::size_t) {
            MUST_HOLD(code != dns::option::cookie && code != dns::option::client_subnet &&
                      code != dns::option::keepalive && code != dns::option::padding && code != 3);
        }));
    }

    cache::KeepingTerms terms_;
    std::uint64_t now_ns_ = 1;
    cache::AnswerMemory memory_{cache::AnswerMemory::least_bytes, 1};
    cache::RecordRoom room_ = cache::make_record_room(), made_ = cache::make_record_room();
    Model model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    World world({.least_s = data[0], .most_s = data[0] + 60U * data[1], .negative_s = data[2], .stale_s = data[3]});
    for (Steps steps({data + 4, size - 4}); steps.next();) {
        const Octets query = query_for(steps.message, steps.kind);
        switch (steps.kind & 3) {
            case 0:
            case 1:
                if (!query.empty()) world.ask_and_reply(query, steps.message);
                break;
            case 2:
                world.wait(steps.number * second_ns / 2);
                break;
            default:
                if (query.empty()) break;
                world.forget(dns::read_query(query).question.name(query));
                break;
        }
    }
    return 0;
}
