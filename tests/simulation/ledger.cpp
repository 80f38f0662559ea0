// SPDX-License-Identifier: MIT
#include "simulation/ledger.hpp"

#include <algorithm>

#include "dns/name.hpp"
#include "dns/reply.hpp"
#include "io/monotonic.hpp"
#include "simulation/messages.hpp"

namespace dproxy::simulation {

using telemetry::RcodeLabel;

namespace {

std::string key_of(const net::Endpoint& client, const net::Endpoint& at, std::uint16_t id) {
    return client.to_string() + '|' + at.to_string() + '|' + std::to_string(id);
}

std::uint16_t id_of(const Asked& asked) { return dns::id_of(asked.message); }

}  // namespace

Asked& Ledger::enter(Asked asked) {
    asked.query = dns::read_query(asked.message);
    if (asked.over_tcp) {
        ++seen.tcp_questions;
    } else if (asked.message.size() >= dns::header_length) {
        by_client_[key_of(asked.client, asked.at, id_of(asked))] = asked.number;
    }
    const std::uint64_t number = asked.number;
    return asked_.emplace(number, std::move(asked)).first->second;
}

bool Ledger::is_taken(const net::Endpoint& client, const net::Endpoint& at, std::uint16_t id) const {
    return by_client_.contains(key_of(client, at, id));
}

Asked* Ledger::find(std::uint64_t number) {
    const auto found = asked_.find(number);
    return found == asked_.end() ? nullptr : &found->second;
}

const proxy::Pool* Ledger::pool_of(const proxy::Publication& publication, const Asked& asked) {
    const dns::Bytes name = asked.query.question.name(asked.message);
    const auto route = publication.table->find(name, {&asked.client.address, asked.query.question.type});
    if (route != routing::no_route) return &publication.pools->pools[publication.table->settings_index(route)];
    return publication.pools->master == proxy::no_pool ? nullptr
                                                       : &publication.pools->pools[publication.pools->master];
}

void Ledger::count_read(Asked& asked) {
    ++seen.udp_reads;
    switch (asked.query.form) {
        case dns::QueryForm::too_short:
            ++seen.short_messages;
            return;
        case dns::QueryForm::response:
            ++seen.responses;
            return;
        default:
            ++seen.good_reads;
    }
}

void Ledger::read(std::uint64_t number, std::uint64_t now, const proxy::Publication& publication) {
    Asked& asked = *find(number);
    ++asked.reads;
    journal_.event("query read", number, asked.client, asked.message.size() < 2 ? 0 : id_of(asked));
    if (!asked.over_tcp) count_read(asked);
    if (asked.is_dropped_by_form()) return;
    std::uint64_t timeout = 0;
    if (asked.query.has_question) {
        const proxy::Pool* const pool = pool_of(publication, asked);
        asked.pools = publication.pools;
        asked.pool = pool;
        if (pool) timeout = io::nanoseconds_of(pool->settings->timeout);
    }
    asked.due_ns = now + timeout;
    due_.push({asked.due_ns, number});
}

std::string Ledger::fault_of_answer(const Asked& asked, dns::Bytes message) const {
    const dns::Bytes query(asked.message);
    if (message.size() < dns::header_length) return "it is too short to be an answer";
    if (!dns::is_response(message)) return "its QR is clear";
    if (dns::id_of(message) != id_of(asked)) return "its ID is another";
    if (dns::opcode_of(message) != dns::opcode_of(query)) return "its opcode is another";
    const auto& option = keepalive_of_nameserver();
    const bool has_option = std::search(message.begin(), message.end(), option.begin(), option.end()) != message.end();
    if (has_option && !asked.query.is_signed) return "it has an option that was for the worker alone";
    if (dns::question_count(message) == 0) return {};
    dns::Question question;
    if (dns::read_question(message, question) != dns::QuestionFault::none) return "its question cannot be read";
    const dns::Question& own = asked.query.question;
    if (!asked.query.has_question || question.type != own.type || question.qclass != own.qclass ||
        !dns::equal_ignoring_case(question.name(message), own.name(query))) {
        return "its question is another";
    }
    const auto marker = marker_of(message, question);
    if (marker && *marker != asked.marker) return "its data are of another question";
    if (!asked.over_tcp && message.size() > asked.query.udp_size) return "it is larger than the client takes";
    return {};
}

void Ledger::answer(Asked& asked, dns::Bytes message) {
    ++asked.answers;
    journal_.event("answer, rcode", asked.number, asked.client, message.size() < 4 ? -1 : dns::rcode_of(message));
    const std::string fault = fault_of_answer(asked, message);
    if (!fault.empty()) describe(asked);
    if (!fault.empty()) journal_.violate("the answer to #" + std::to_string(asked.number) + " is wrong: " + fault);
    if (asked.is_dropped_by_form()) journal_.violate("an answer to #" + std::to_string(asked.number) + ", no query");
    if (asked.answers > std::max(1u, asked.reads)) {
        journal_.violate("#" + std::to_string(asked.number) + " is answered twice");
    }
}

void Ledger::answer_udp(const net::Endpoint& from, const net::Endpoint& to, dns::Bytes message, bool failed,
                        bool repeated) {
    if (repeated) {
        seen.udp_answers_failed -= !failed;
        return;
    }
    ++seen.udp_answers;
    seen.udp_answers_failed += failed;
    seen.udp_rcodes[telemetry::rcode_label(dns::full_rcode_of(message))].add();
    const auto found = by_client_.find(key_of(to, from, dns::id_of(message)));
    if (found == by_client_.end()) {
        return journal_.violate("an answer to " + to.to_string() + " from " + from.to_string() +
                                " that nobody asked, ID " + std::to_string(dns::id_of(message)));
    }
    Asked& asked = *find(found->second);
    if (asked.reads == 0) journal_.violate("an answer to a message that was not read");
    const bool failed_here = dns::rcode_of(message) == static_cast<std::uint8_t>(dns::Rcode::servfail);
    const bool had_upstreams = asked.pool && !asked.pool->upstreams.empty();
    seen.unsent += failed_here && had_upstreams && (asked.on_wire == 0 || asked.reads > 1);
    answer(asked, message);
}

void Ledger::send_up(bool failed, bool repeated) {
    if (repeated) {
        seen.upstream_sends_failed -= !failed;
        return;
    }
    ++seen.upstream_sends;
    seen.upstream_sends_failed += failed;
}

void Ledger::excuse_guesses() {
    for (auto& [number, asked] : asked_) asked.excused += asked.is_plain_query() ? 2 * routing::max_attempts : 0;
    seen.moves += routing::max_attempts * asked_.size();
}

Asked* Ledger::by_name(dns::Bytes message) {
    const auto number = number_of(message);
    return number ? find(*number) : nullptr;
}

void Ledger::on_wire_by_udp(const net::Endpoint& upstream, dns::Bytes message) {
    on_wire(upstream, message);
    Asked* const asked = by_name(message);
    if (!asked || asked->shares_name || asked->over_tcp) return;
    const std::string name = "#" + std::to_string(asked->number);
    // But where it is asked again for others: in advance, or instead of a stale answer.
    const bool is_kept = asked->pool && asked->pool->settings->keeping.cache;
    if (asked->answers >= asked->reads && !is_kept) journal_.violate(name + " goes up and is answered already");
    const std::uint16_t id = dns::id_of(message);
    if (asked->was_sent) {
        ++seen.repetitions;
        seen.same_ids += asked->sent_id == id;
    }
    asked->was_sent = true;
    asked->sent_id = id;
}

void Ledger::on_wire(const net::Endpoint& upstream, dns::Bytes message) {
    Asked* const asked = by_name(message);
    if (!asked || asked->shares_name) return;
    const std::string name = "#" + std::to_string(asked->number);
    if (!asked->over_tcp && asked->reads == 0) return journal_.violate(name + " goes up and was never read");
    ++asked->on_wire;
    journal_.event(asked->over_tcp ? "up, of TCP" : "up", asked->number, upstream, static_cast<int>(asked->on_wire));
    // When the worker takes a message out of a connection is not seen: its route may be from before or after a reload.
    if (asked->over_tcp) return check_attempts(*asked, routing::max_attempts);
    if (!asked->pool) return journal_.violate(name + " goes up and has no route");
    const auto& set = *asked->pools;
    const bool is_of_pool = std::any_of(asked->pool->upstreams.begin(), asked->pool->upstreams.end(), [&](auto one) {
        return set.upstreams[one].key.endpoint == upstream;
    });
    if (!is_of_pool) journal_.violate(name + " goes to an upstream that is not its route's: " + upstream.to_string());
    const auto& settings = *asked->pool->settings;
    check_attempts(*asked, settings.keeping.cache ? 2u * settings.attempts : settings.attempts);
    const bool is_changed = settings.client_subnet || asked->query.hop.any;
    const dns::Bytes own(asked->message);
    if (!is_changed && !std::equal(message.begin() + 2, message.end(), own.begin() + 2, own.end())) {
        journal_.violate(name + " goes up with other bytes than it came with");
    }
}

void Ledger::check_attempts(const Asked& asked, unsigned attempts) {
    const bool once = !asked.is_plain_query();
    if (once) attempts = 1;
    // Read twice, it is two queries.
    const unsigned allowed = attempts * std::max(1u, asked.reads) + asked.refused + (once ? 0 : asked.excused);
    if (asked.on_wire <= allowed) return;
    describe(asked);
    journal_.violate("#" + std::to_string(asked.number) + " went up " + std::to_string(asked.on_wire) + " times, " +
                     std::to_string(allowed) + " are allowed");
}

/// For whoever looks into a violation.
void Ledger::describe(const Asked& asked) {
    const auto* const settings = asked.pool ? asked.pool->settings.get() : nullptr;
    journal_.note("  asked at %s under ID %u, marker %u", asked.at.to_string().c_str(), id_of(asked), asked.marker);
    journal_.note("#%llu: form %d, opcode %d, reads %u, answers %u, on wire %u (%u excused), bytes %zu, hop %d",
                  static_cast<unsigned long long>(asked.number), static_cast<int>(asked.query.form),
                  asked.query.opcode, asked.reads, asked.answers, asked.on_wire, asked.excused, asked.message.size(),
                  asked.query.hop.any);
    if (!settings) return;
    journal_.note("  its route: timeout %lld ms, attempts %u, protocol %d, answer %d, hedge %d, subnet %d, PROXY %d, "
                  "fallback %d, max_inflight %u, cache %d, merge %d", static_cast<long long>(settings->timeout.count()),
                  settings->attempts, static_cast<int>(settings->protocol), static_cast<int>(settings->answer),
                  static_cast<int>(settings->hedge), settings->client_subnet, settings->proxy_protocol,
                  settings->fallback_on, settings->max_inflight, settings->keeping.cache, settings->keeping.merge);
}

void Ledger::check_due(std::uint64_t now, std::uint64_t dropped) {
    while (!due_.empty() && due_.top().when <= now) {
        Asked& asked = *find(due_.top().number);
        const bool is_last = due_.top().when == asked.due_ns;  // of several times that it was read
        due_.pop();
        if (!is_last) continue;
        if (asked.answers >= asked.reads || asked.blocked) continue;
        if (asked.over_tcp) {
            journal_.violate("#" + std::to_string(asked.number) + " over TCP has no answer in its time");
        } else {
            const unsigned silent = asked.reads - asked.answers;
            silent_ += silent - asked.silent;
            asked.silent = silent;
            if (silent_ > dropped) {
                describe(asked);
                journal_.violate("#" + std::to_string(asked.number) +
                                 " has no answer in its time, and was not dropped");
            }
        }
    }
}

}  // namespace dproxy::simulation
