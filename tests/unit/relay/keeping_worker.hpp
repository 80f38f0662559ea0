// SPDX-License-Identifier: MIT
// One worker whose route keeps answers, between a client that asks by datagrams and on a connection, and a nameserver
// whose answers are as the test says.
#pragma once

#include <algorithm>

#include "cache/answer_memory.hpp"
#include "unit/relay/one_worker.hpp"

namespace dproxy::proxy {

/// What the nameserver says of a name.
struct Said {
    std::size_t addresses = 1;  ///< 0: there is no such name
    std::uint32_t ttl = 3600;
};

struct KeepingWorker : OneWorker {
    static constexpr std::size_t memory_bytes = std::size_t{1} << 18;  ///< little, so that answers go for others
    static constexpr std::uint16_t stale_ttl = 30;

    KeepingWorker() : OneWorker(remembering(), keeping()) {}

    static WorkerOptions remembering() {
        WorkerOptions options;
        options.answers = std::make_shared<cache::AnswerMemory>(memory_bytes, 1);
        return options;
    }
    static routing::Keeping keeping() {
        routing::Keeping keeping;
        keeping.cache = keeping.merge = true;
        keeping.stale = std::chrono::hours(1);
        keeping.stale_after = std::chrono::milliseconds(0);
        return keeping;
    }

    using Queries = std::vector<test::Octets>;

    /// `window` queries for names that `word` tells from others, by `form`.
    template <typename Form>
    static Queries queries(const std::string& word, const Form& form) {
        Queries all;
        for (std::size_t i = 0; i < window; ++i) {
            auto query = test::Packet::query(word + std::to_string(i) + ".example.test", test::qtype::a);
            form(query);
            all.push_back(query.id(static_cast<std::uint16_t>(i + 1)).bytes());
        }
        return all;
    }
    static Queries plain(const std::string& word) {
        return queries(word, [](test::Packet&) {});
    }
    static Queries with_edns(const std::string& word, std::uint16_t size, const test::Octets& options = {}) {
        return queries(word, [&](test::Packet& query) { query.edns(size, options); });
    }

    void send_all(const Queries& all) {
        for (const test::Octets& query : all) send(client, query.data(), query.size(), io::SocketAddress(proxy_at));
    }
    /// The nameserver answers so many queries.
    void answer(std::size_t count, const Said& said) {
        io::SocketAddress from;
        for (std::size_t i = 0; i < count; ++i) {
            const test::Octets query = take(server, from);
            const test::Octets reply = reply_to(query, said);
            send(server, reply.data(), reply.size(), from);
        }
    }
    /// As many answers as were asked for.
    Queries take_all() {
        Queries all;
        io::SocketAddress from;
        for (std::size_t i = 0; i < window; ++i) all.push_back(take(client, from));
        return all;
    }
    /// Asked for, answered by the nameserver, and kept.
    void learn(const Queries& all, const Said& said) {
        send_all(all);
        answer(all.size(), said);
        take_all();
    }
    /// Answered from memory, as nobody else answers.
    Queries remember(const Queries& all) {
        send_all(all);
        return take_all();
    }
    /// The same, all at once on the connection.
    void remember_on(const io::Fd& connection, const Queries& all) {
        test::Octets bytes;
        for (const test::Octets& query : all) {
            bytes += test::u16(static_cast<unsigned>(query.size()));
            bytes += query;
        }
        REQUIRE(::send(connection.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            const test::Octets length = take_bytes(connection, 2);
            take_bytes(connection, static_cast<std::size_t>(length[0] << 8 | length[1]));
        }
    }
    io::Fd connect() {
        io::Fd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const io::SocketAddress to(streams_at);
        REQUIRE(::connect(connection.get(), &to.any, to.length) == 0);
        return connection;
    }

    std::uint64_t evictions() const {
        std::uint64_t all = 0;
        for (std::size_t slot = 0; slot < counters.route_slots(); ++slot) {
            all += counters.route(static_cast<telemetry::Slot>(slot)).cache[telemetry::CacheEvent::eviction].value();
        }
        return all;
    }

    static bool is_truncated(const test::Octets& answer) { return (answer[2] & 0x02) != 0; }
    /// Of its first record, behind a question of that length.
    static std::uint32_t ttl(const test::Octets& answer, const test::Octets& query) {
        const std::size_t at = question_end(query) + 6;
        return dns::read_u16(answer.data() + at + 2);
    }

private:
    static std::size_t question_end(const test::Octets& query) {
        std::size_t at = dns::header_length;
        while (query[at] != 0) at += query[at] + std::size_t{1};
        return at + 5;
    }

    static test::Octets reply_to(const test::Octets& query, const Said& said) {
        test::Octets reply = query.first(question_end(query));
        const bool is_no_name = said.addresses == 0;
        reply[2] = 0x81;
        reply[3] = is_no_name ? 0x83 : 0x80;
        std::fill(reply.begin() + 6, reply.begin() + dns::header_length, std::uint8_t{0});
        reply[is_no_name ? 9 : 7] = static_cast<std::uint8_t>(is_no_name ? 1 : said.addresses);
        const test::Octets owner{0xc0, dns::header_length};
        for (std::size_t i = 0; i < said.addresses; ++i) {
            reply += test::record(owner, test::qtype::a, {192, 0, 2, static_cast<std::uint8_t>(i)}, said.ttl);
        }
        if (is_no_name) reply += test::record(owner, test::qtype::soa, test::soa_data(1), said.ttl);
        return reply;
    }

    static void await(const io::Fd& socket) {
        pollfd wanted{socket.get(), POLLIN, 0};
        REQUIRE(::poll(&wanted, 1, patience_ms) == 1);
    }
    static test::Octets take(const io::Fd& socket, io::SocketAddress& from) {
        await(socket);
        test::Octets bytes(65'536);
        from.length = sizeof from.v6;
        const ssize_t length = ::recvfrom(socket.get(), bytes.data(), bytes.size(), 0, &from.any, &from.length);
        REQUIRE(length >= static_cast<ssize_t>(dns::header_length));
        return bytes.first(static_cast<std::size_t>(length));
    }
    static test::Octets take_bytes(const io::Fd& connection, std::size_t count) {
        test::Octets bytes(count);
        for (std::size_t have = 0; have < count;) {
            await(connection);
            const ssize_t more = ::recv(connection.get(), bytes.data() + have, count - have, 0);
            REQUIRE(more > 0);
            have += static_cast<std::size_t>(more);
        }
        return bytes;
    }
};

}  // namespace dproxy::proxy
