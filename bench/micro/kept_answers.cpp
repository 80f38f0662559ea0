// SPDX-License-Identifier: MIT
// kept_answers: what share of queries is answered from memory, beside the least recently used and the best that could
// be known; what an answer takes; what a look costs with few and with a million. The same each time but for the times.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <list>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/answer_memory.hpp"
#include "cache/keeping.hpp"
#include "dns/query.hpp"

namespace {

using namespace dproxy;
using Octets = std::vector<std::uint8_t>;
/// Names by number, in the order they are asked for.
using Trace = std::vector<std::uint32_t>;

constexpr std::uint32_t names = 100'000;
constexpr std::size_t queries = 2'000'000;
constexpr std::size_t warm_up = 200'000;  ///< not counted
constexpr std::uint32_t scan_every = 100'000;

/// Each with a weight of rank^-alpha; a scan asks `scan` names, once and never again, after each scan_every queries.
Trace trace_of(double alpha, std::uint32_t scan) {
    std::vector<double> sums(names);
    double sum = 0;
    for (std::uint32_t rank = 0; rank < names; ++rank) sums[rank] = sum += std::pow(rank + 1, -alpha);
    std::mt19937_64 random(1);
    std::uint32_t once = names;
    Trace trace;
    for (std::size_t query = 0; query < queries; ++query) {
        const double at = static_cast<double>(random() >> 11) * 0x1p-53 * sum;
        trace.push_back(static_cast<std::uint32_t>(std::lower_bound(sums.begin(), sums.end(), at) - sums.begin()));
        if ((query + 1) % scan_every != 0) continue;
        for (std::uint32_t i = 0; i < scan; ++i) trace.push_back(once++);
    }
    return trace;
}

/// Of the queries for names that are asked for again, the share that was found.
class Ratio {
public:
    void count(std::uint32_t name, bool found) {
        if (name >= names || ++asked_ <= warm_up) return;
        ++counted_;
        found_ += found ? 1 : 0;
    }
    double value() const { return static_cast<double>(found_) / static_cast<double>(counted_); }

private:
    std::size_t asked_ = 0, counted_ = 0, found_ = 0;
};

/// Queries and replies for names of one length, `nXXXXXXX.example.com`.
class Messages {
public:
    Messages() {
        const std::string name = "\x08n0000000\x07" "example\x03" "com";
        query_ = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
        query_.insert(query_.end(), name.begin(), name.end());
        const Octets rest{0, 0, 1, 0, 1}, answer{0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1};
        query_.insert(query_.end(), rest.begin(), rest.end());
        reply_ = query_;
        reply_[2] = 0x85;
        reply_[7] = 1;
        reply_.insert(reply_.end(), answer.begin(), answer.end());
    }
    void set_name(std::uint32_t number) {
        for (std::size_t at = 21; at-- > 14; number /= 10) {
            query_[at] = reply_[at] = static_cast<std::uint8_t>('0' + number % 10);
        }
    }
    cache::QuestionKey key() {
        read_ = dns::read_query(query_);
        return *cache::key_of(query_, read_, 1, {});
    }
    const Octets& query() const { return query_; }
    const dns::Query& read() const { return read_; }
    const Octets& reply() const { return reply_; }

private:
    Octets query_, reply_;
    dns::Query read_;
};

/// One worker's memory, which is asked and keeps what it did not know.
class Kept {
public:
    explicit Kept(std::size_t bytes) : memory_(bytes, 1) { memory_.open(0); }

    bool ask(std::uint32_t name) {
        messages_.set_name(name);
        const auto key = messages_.key();
        const auto found = memory_.find(key, 0, room_);
        if (found) {
            memory_.count_hit(found);
            return true;
        }
        memory_.keep(0, cache::make_kept(messages_.reply(), key, {}, {}, made_));
        return false;
    }
    /// Found and written for the asker.
    std::size_t answer(std::uint32_t name) {
        messages_.set_name(name);
        const auto found = memory_.find(messages_.key(), 0, room_);
        if (!found) return 0;
        memory_.count_hit(found);
        return cache::KeptAnswer(found.words).write(messages_.query(), messages_.read(), 0, out_);
    }
    cache::AnswerMemory::Counts counts() const { return memory_.counts(0); }
    std::size_t message_bytes() const { return messages_.reply().size(); }

private:
    cache::AnswerMemory memory_;
    Messages messages_;
    cache::RecordRoom room_ = cache::make_record_room();
    cache::RecordRoom made_ = cache::make_record_room();
    Octets out_ = Octets(1024);
};

double ratio_of_kept(const Trace& trace, std::size_t bytes) {
    Kept kept(bytes);
    Ratio ratio;
    for (const std::uint32_t name : trace) ratio.count(name, kept.ask(name));
    return ratio.value();
}

/// The least recently used goes.
double ratio_of_lru(const Trace& trace, std::size_t capacity) {
    std::list<std::uint32_t> order;
    std::unordered_map<std::uint32_t, std::list<std::uint32_t>::iterator> where;
    Ratio ratio;
    for (const std::uint32_t name : trace) {
        const auto found = where.find(name);
        ratio.count(name, found != where.end());
        if (found != where.end()) {
            order.splice(order.begin(), order, found->second);
            continue;
        }
        if (order.size() == capacity) {
            where.erase(order.back());
            order.pop_back();
        }
        order.push_front(name);
        where[name] = order.begin();
    }
    return ratio.value();
}

/// The one that is asked for last of all goes, or is not kept at all (Belady 1966): nobody can know that.
double ratio_of_best(const Trace& trace, std::size_t capacity) {
    const std::size_t never = trace.size();
    std::vector<std::size_t> next(trace.size(), never);
    std::unordered_map<std::uint32_t, std::size_t> seen;
    for (std::size_t at = trace.size(); at-- > 0;) {
        const auto found = seen.find(trace[at]);
        if (found != seen.end()) next[at] = found->second;
        seen[trace[at]] = at;
    }
    std::unordered_map<std::uint32_t, std::size_t> kept;  // and when it is asked for next
    std::priority_queue<std::pair<std::size_t, std::uint32_t>> last;
    Ratio ratio;
    for (std::size_t at = 0; at < trace.size(); ++at) {
        const std::uint32_t name = trace[at];
        ratio.count(name, kept.erase(name) > 0);
        if (next[at] == never) continue;
        kept[name] = next[at];
        last.emplace(next[at], name);
        while (kept.size() > capacity) {
            const auto [when, which] = last.top();
            last.pop();
            const auto found = kept.find(which);
            if (found != kept.end() && found->second == when) kept.erase(found);
        }
    }
    return ratio.value();
}

std::size_t capacity_of(std::size_t bytes) {
    Kept kept(bytes);
    for (std::uint32_t name = 0; name < 400'000; ++name) {
        kept.ask(name);
        kept.ask(name);
    }
    return kept.counts().entries;
}

void print_ratios() {
    std::printf("\n| answers kept | Zipf | scan | LRU | kept answers | the best | of the way from LRU to it |\n"
                "|---|---|---|---|---|---|---|\n");
    for (const std::size_t bytes : {std::size_t{1} << 18, std::size_t{1} << 21, std::size_t{1} << 23}) {
        const std::size_t capacity = capacity_of(bytes);
        for (const double alpha : {0.7, 0.8, 0.9, 1.0, 1.1}) {
            for (const bool scans : {false, true}) {
                const auto scan = static_cast<std::uint32_t>(scans ? 2 * capacity : 0);
                const Trace trace = trace_of(alpha, scan);
                const double lru = ratio_of_lru(trace, capacity), best = ratio_of_best(trace, capacity);
                const double own = ratio_of_kept(trace, bytes);
                std::printf("| %zu | %.1f | %u | %.1f %% | %.1f %% | %.1f %% | %.0f %% |\n", capacity, alpha, scan,
                            100 * lru, 100 * own, 100 * best, 100 * (own - lru) / (best - lru));
                std::fflush(stdout);
            }
        }
    }
}

/// The least of several rounds, as whatever else runs only adds to it.
double nanoseconds_a_look(Kept& kept, std::uint32_t count) {
    constexpr int rounds = 7;
    constexpr std::uint32_t looks = 1'000'000;
    double least = 1e9;
    std::mt19937_64 random(1);
    for (int round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        std::size_t written = 0;
        for (std::uint32_t look = 0; look < looks; ++look) {
            written += kept.answer(static_cast<std::uint32_t>((random() >> 32) * count >> 32));
        }
        const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
        if (written > 0) least = std::min(least, taken.count() / looks);
    }
    return least;
}

void print_sizes() {
    std::printf("\n| names | memory given | answers kept | bytes each in the rings, with a message of |"
                " bytes each in all | ns from question to answer |\n|---|---|---|---|---|---|\n");
    for (const std::uint32_t count : {1'000U, 10'000U, 100'000U, 1'000'000U}) {
        const std::size_t bytes = std::max<std::size_t>(std::size_t{count} * 288, 1 << 20);
        Kept kept(bytes);
        for (std::uint32_t name = 0; name < count; ++name) {
            kept.ask(name);
            kept.ask(name);  // so that it stays
        }
        const auto counts = kept.counts();
        std::printf("| %u | %.1f MiB | %llu | %.0f, %zu | %.0f | %.0f |\n", count,
                    static_cast<double>(bytes) / 1048576, static_cast<unsigned long long>(counts.entries),
                    static_cast<double>(counts.used_bytes) / static_cast<double>(counts.entries),
                    kept.message_bytes(), static_cast<double>(bytes) / static_cast<double>(counts.entries),
                    nanoseconds_a_look(kept, count));
        std::fflush(stdout);
    }
}

}  // namespace

int main() {
    print_sizes();
    print_ratios();
}
