// SPDX-License-Identifier: MIT
// Both roles against each other.
#pragma once

#include <map>
#include <vector>

#include "frames.hpp"
#include "http2/client_session.hpp"
#include "http2/server_session.hpp"

namespace dproxy::test {

inline const http::Place pair_place;
inline const http2::Resource pair_resource{"dns.test", "/dns-query"};

struct Pair {
    explicit Pair(const http2::Resource& resource = pair_resource) : client(resource) {}

    http2::ServerSession server{pair_place, net::Address::v4(192, 0, 2, 1)};
    http2::ClientSession client;
    std::map<http2::StreamId, http2::Reply> replies;
    std::size_t chunk = 100'000;
    std::uint64_t now_ns = 1'000'000'000;

    /// Until neither has anything to say.
    void exchange() {
        bool moved = true;
        while (moved) {
            moved = false;
            std::vector<std::uint8_t> up, down;
            client.fetch(up, chunk);
            for (const auto& piece : pieces(up)) server.take(piece, now_ns), moved = true;
            server.fetch(down, chunk);
            for (const auto& piece : pieces(down)) client.take(piece, now_ns), moved = true;
            collect();
        }
    }
    void collect() {
        while (auto reply = client.next_reply()) {
            const http2::StreamId id = reply->id;
            replies.emplace(id, std::move(*reply));
        }
    }
    /// The requests that came, in order.
    std::vector<http::Request> requests() {
        std::vector<http::Request> all;
        while (auto request = server.next_request()) all.push_back(std::move(*request));
        return all;
    }
    http2::Outcome outcome(http2::StreamId id) { return replies.at(id).outcome; }

private:
    std::vector<dns::Bytes> pieces(const std::vector<std::uint8_t>& bytes) const {
        std::vector<dns::Bytes> all;
        for (std::size_t at = 0; at < bytes.size(); at += chunk)
            all.push_back(dns::Bytes(bytes).subspan(at, std::min(chunk, bytes.size() - at)));
        return all;
    }
};

}  // namespace dproxy::test
