// SPDX-License-Identifier: MIT
#include "io/message_stream.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <new>
#include <optional>
#include <vector>

#include "catch.hpp"
#include "io/tcp_listener.hpp"

using namespace dproxy;
using namespace dproxy::io;
using Message = std::vector<std::uint8_t>;

namespace {

struct Peer final : MessageStream::Events {
    std::unique_ptr<MessageStream> stream;
    std::vector<Message> messages;
    std::optional<StreamEnd> end;
    bool connected = false;
    int drained = 0;
    std::function<void(dns::MutableBytes)> react = [](dns::MutableBytes) {};

    void on_connected() override { connected = true; }
    void on_message(dns::MutableBytes message) override {
        messages.emplace_back(message.begin(), message.end());
        react(message);
    }
    void on_drained() override { ++drained; }
    void on_end(StreamEnd how, std::error_code) override {
        end = how;
        stream.reset();
    }
};

/// A listener and a client stream on one loop, joined.
struct Joined {
    boost::asio::io_context loop;
    Peer client;
    Peer server;
    Fd raw;  ///< the accepted socket, where the test wants it without a stream
    std::unique_ptr<TcpListener> listener;
    net::Endpoint endpoint;

    explicit Joined(bool raw_server = false) {
        std::error_code error;
        Fd socket = listen_tcp({*net::Address::parse("127.0.0.1"), 0}, PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        endpoint = {*net::Address::parse("127.0.0.1"), local_port(socket.get())};
        listener = std::make_unique<TcpListener>(loop, std::move(socket), [=, this](Fd taken, const SocketAddress&) {
            if (raw_server) {
                raw = std::move(taken);
            } else {
                server.stream = std::make_unique<MessageStream>(loop, std::move(taken), true, server);
            }
        });
        client.stream = std::make_unique<MessageStream>(loop, endpoint, dns::Bytes{}, client);
        until([&] { return client.connected && (raw || server.stream); });
    }

    void until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < deadline) loop.run_one_for(std::chrono::milliseconds(100));
        REQUIRE(done());
    }
    void write_raw(const Message& bytes) {
        REQUIRE(::send(raw.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }
};

}  // namespace

TEST_CASE("messages of every size go both ways, in order", "[message_stream]") {
    Joined joined;
    const std::vector<Message> sent{Message(12, 1), Message(65'535, 2), Message(1, 3), Message(3'000, 4)};
    for (const Message& one : sent) joined.client.stream->send(one);
    joined.until([&] { return joined.server.messages.size() == sent.size(); });
    CHECK(joined.server.messages == sent);
    for (const Message& one : sent) joined.server.stream->send(one);
    joined.until([&] { return joined.client.messages.size() == sent.size(); });
    CHECK(joined.client.messages == sent);
    joined.until([&] { return joined.server.drained > 0; });
    CHECK(joined.server.stream->queued_bytes() == 0);
}

TEST_CASE("a message may come byte by byte", "[message_stream]") {
    Joined joined(true);
    const Message bytes{0, 3, 7, 8, 9, 0, 1, 5};
    for (const std::uint8_t byte : bytes) {
        joined.write_raw({byte});
        joined.loop.run_one_for(std::chrono::milliseconds(200));
    }
    joined.until([&] { return joined.client.messages.size() == 2; });
    CHECK(joined.client.messages == std::vector<Message>{{7, 8, 9}, {5}});
}

namespace {

/// Takes all that comes at once, and keeps where it lies.
struct AtOnce final : MessageStream::Events {
    std::vector<std::size_t> counts;
    std::size_t most = 1000;  ///< taken at a time
    std::unique_ptr<MessageStream> stream;

    void on_messages(MessageStream::Incoming& incoming) override {
        std::vector<dns::MutableBytes> lies;
        while (lies.size() < most) {
            const auto message = incoming.next();
            if (!message) break;
            lies.push_back(*message);
        }
        for (std::size_t i = 0; i < lies.size(); ++i) CHECK(lies[i].front() == i);
        counts.push_back(lies.size());
        CHECK_FALSE(incoming.refill());
    }
    void on_end(StreamEnd, std::error_code) override {}
};

}  // namespace

TEST_CASE("messages that came at once are taken at once, and stay where they lie meanwhile", "[message_stream]") {
    Joined joined(true);
    AtOnce owner;
    owner.stream = std::make_unique<MessageStream>(joined.loop, std::move(joined.raw), true, owner);
    for (std::uint8_t i = 0; i < 5; ++i) joined.client.stream->send(Message{i, 7});
    joined.until([&] { return !owner.counts.empty(); });
    CHECK(owner.counts == std::vector<std::size_t>{5});
}

TEST_CASE("the end of a stream says how it came", "[message_stream]") {
    Joined joined(true);
    SECTION("between two messages") {
        joined.write_raw({0, 1, 5});
        joined.raw.close();
        joined.until([&] { return joined.client.end.has_value(); });
        CHECK(joined.client.end == StreamEnd::peer_closed);
        CHECK(joined.client.messages.size() == 1);
    }
    SECTION("within a message") {
        joined.write_raw({0, 9, 5});
        joined.raw.close();
        joined.until([&] { return joined.client.end.has_value(); });
        CHECK(joined.client.end == StreamEnd::cut_short);
    }
    SECTION("within a length") {
        joined.write_raw({0});
        joined.raw.close();
        joined.until([&] { return joined.client.end.has_value(); });
        CHECK(joined.client.end == StreamEnd::cut_short);
    }
    SECTION("a message of length 0") {
        joined.write_raw({0, 0});
        joined.until([&] { return joined.client.end.has_value(); });
        CHECK(joined.client.end == StreamEnd::bad_length);
    }
}

TEST_CASE("nothing is delivered while reading is paused, and all of it afterwards", "[message_stream]") {
    Joined joined;
    joined.server.react = [&](dns::MutableBytes) { joined.server.stream->pause_reading(); };
    for (int i = 0; i < 3; ++i) joined.client.stream->send(Message(20, static_cast<std::uint8_t>(i)));
    joined.until([&] { return joined.server.messages.size() == 1; });
    for (std::size_t expected = 2; expected <= 3; ++expected) {
        joined.loop.run_for(std::chrono::milliseconds(5));
        CHECK(joined.server.messages.size() == expected - 1);
        joined.server.stream->resume_reading();
        joined.until([&] { return joined.server.messages.size() == expected; });
    }
}

TEST_CASE("what came whole is delivered where reading is paused and resumed in one call", "[message_stream]") {
    Joined joined;
    joined.server.react = [&](dns::MutableBytes) {
        joined.server.stream->pause_reading();
        joined.server.stream->resume_reading();
    };
    joined.until([&] { return joined.server.stream != nullptr; });
    for (int i = 0; i < 5; ++i) joined.client.stream->send(Message(20, static_cast<std::uint8_t>(i)));
    joined.until([&] { return joined.server.messages.size() == 5; });
}

TEST_CASE("what came whole is delivered where reading was resumed at the end of a call", "[message_stream]") {
    Joined joined(true);
    /// Takes one at a time, and has room for the next one as soon as the call's work is done.
    struct OneAtATime final : MessageStream::Events {
        MessageStream* stream = nullptr;
        std::size_t taken = 0;
        void on_messages(MessageStream::Incoming& incoming) override {
            if (incoming.next()) ++taken;
            stream->pause_reading();
            CHECK_FALSE(incoming.next());
            stream->resume_reading();
        }
        void on_message(dns::MutableBytes) override {}
        void on_drained() override {}
        void on_end(StreamEnd, std::error_code) override {}
    } owner;
    MessageStream stream(joined.loop, std::move(joined.raw), true, owner, nullptr, nullptr);
    owner.stream = &stream;
    // A whole buffer of them, so that there is no room to read to until some were taken.
    for (int i = 0; i < 400; ++i) joined.client.stream->send(Message(20, 1));
    joined.until([&] { return owner.taken == 400; });
}

TEST_CASE("closing when drained delivers what was queued first", "[message_stream]") {
    Joined joined;
    for (int i = 0; i < 50; ++i) joined.server.stream->send(Message(60'000, 1));
    joined.server.stream->close_when_drained();
    joined.until([&] { return joined.client.end.has_value(); });
    CHECK(joined.client.messages.size() == 50);
    CHECK(joined.client.end == StreamEnd::peer_closed);
    joined.until([&] { return joined.server.end.has_value(); });
}

TEST_CASE("a refused connection ends with its error", "[message_stream]") {
    Joined joined;
    joined.listener.reset();
    Peer late;
    late.stream = std::make_unique<MessageStream>(joined.loop, joined.endpoint, dns::Bytes{}, late);
    late.stream->send(Message(12));
    joined.until([&] { return late.end.has_value(); });
    CHECK(late.end == StreamEnd::failed);
    CHECK_FALSE(late.connected);
}

TEST_CASE("an owner that throws ends its stream, and is told", "[message_stream]") {
    Joined joined;
    joined.server.react = [](dns::MutableBytes) { throw std::bad_alloc(); };
    joined.client.stream->send(Message(20, 1));
    CHECK_THROWS_AS(joined.until([] { return false; }), std::bad_alloc);
    CHECK(joined.server.end == StreamEnd::failed);
    joined.until([&] { return joined.client.end.has_value(); });
}

TEST_CASE("a connection that cannot be watched ends like any other", "[message_stream]") {
    boost::asio::io_context loop;
    Peer peer;
    auto meter = std::make_shared<ByteMeter>();
    peer.stream = std::make_unique<MessageStream>(loop, Fd(), true, peer, meter);
    CHECK_FALSE(peer.end.has_value());
    loop.run();
    CHECK(peer.end == StreamEnd::failed);
    CHECK(meter->held() == 0);
}
