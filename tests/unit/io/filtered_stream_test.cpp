// SPDX-License-Identifier: MIT
// A stream behind a filter that is easy to see through: it says hello first, and turns the bits of every byte.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "catch.hpp"
#include "io/message_stream.hpp"
#include "io/tcp_listener.hpp"

using namespace dproxy;
using namespace dproxy::io;
using Octets = std::vector<std::uint8_t>;

namespace {

constexpr std::uint8_t hello = 'H';
constexpr std::uint8_t goodbye = 'B';
constexpr std::size_t most_at_once = 300;  ///< that it gives, as TLS gives no more than a record
constexpr std::uint8_t record = 'R';  ///< one byte of what is meant follows, turned

class TurningFilter final : public StreamFilter {
public:
    explicit TurningFilter(bool speaks_first) {
        if (speaks_first) say_hello();
    }
    void take(dns::Bytes from_peer) override {
        for (const std::uint8_t byte : from_peer) take(byte);
    }
    std::size_t read(dns::MutableBytes room) override {
        const std::size_t count = std::min({room.size(), meant_.size(), most_at_once});
        std::copy_n(meant_.begin(), count, room.begin());
        meant_.erase(meant_.begin(), meant_.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }
    void write(dns::Bytes meant) override {
        for (const std::uint8_t byte : meant) {
            to_peer_.push_back(record);
            to_peer_.push_back(static_cast<std::uint8_t>(~byte));
        }
    }
    void finish() override { to_peer_.push_back(goodbye); }
    void fetch(Octets& to_peer) override {
        to_peer.insert(to_peer.end(), to_peer_.begin(), to_peer_.end());
        to_peer_.clear();
    }
    State state() const override { return state_; }
    FilterFault fault() const override { return FilterFault::none; }
    std::string_view fault_word() const override { return "none"; }
    std::string_view reason() const override { return {}; }
    bool is_resumed() const override { return false; }
    std::string_view protocol() const override { return {}; }
    std::size_t held_bytes() const override { return 100; }

private:
    void say_hello() {
        to_peer_.push_back(hello);
        greeted_ = true;
    }
    void take(std::uint8_t byte) {
        if (std::exchange(in_record_, false)) return meant_.push_back(static_cast<std::uint8_t>(~byte));
        if (byte == hello && state_ == State::opening) {
            if (!greeted_) say_hello();
            state_ = State::open;
        } else if (byte == record && state_ == State::open) {
            in_record_ = true;
        } else if (byte == goodbye && state_ == State::open) {
            state_ = State::ended;
        } else {
            to_peer_.push_back('A');  // an alert
            state_ = State::failed;
        }
    }

    State state_ = State::opening;
    bool greeted_ = false;
    bool in_record_ = false;
    Octets meant_;
    Octets to_peer_;
};

/// Takes all that one reading brought, with what is still behind the filter.
struct Refilling final : MessageStream::Events {
    std::unique_ptr<MessageStream> stream;
    std::vector<std::size_t> counts;  ///< of messages, each time that it was called
    std::size_t refills = 0;

    void on_messages(MessageStream::Incoming& incoming) override {
        counts.push_back(0);
        do {
            while (incoming.next()) ++counts.back();
        } while (incoming.refill() && ++refills > 0);
    }
    void on_end(StreamEnd, std::error_code) override {}
};

struct Side final : MessageStream::Events {
    std::unique_ptr<MessageStream> stream;
    std::vector<Octets> messages;
    std::optional<StreamEnd> end;
    int connected = 0;
    bool half_closed = false;

    void on_connected() override { ++connected; }
    void on_message(dns::MutableBytes message) override { messages.emplace_back(message.begin(), message.end()); }
    bool on_half_closed() override { return half_closed = true; }
    void on_end(StreamEnd how, std::error_code) override {
        end = how;
        stream.reset();
    }
};

/// A stream with a filter that takes a connection from a socket of the test's.
struct Behind {
    boost::asio::io_context loop;
    Side side;
    Fd peer;

    explicit Behind(bool connects = false) {
        std::error_code error;
        Fd socket = listen_tcp({*net::Address::parse("127.0.0.1"), 0}, PortSharing::exclusive, error);
        REQUIRE_FALSE(error);
        const net::Endpoint endpoint{*net::Address::parse("127.0.0.1"), local_port(socket.get())};
        Fd taken;
        TcpListener listener(loop, std::move(socket), [&](Fd one, const SocketAddress&) { taken = std::move(one); });
        if (connects) {
            const Octets preface{'P', 'P'};
            side.stream = std::make_unique<MessageStream>(loop, endpoint, preface, side, nullptr,
                                                          std::make_unique<TurningFilter>(true));
            side.stream->send(Octets{1, 2});
            until([&] { return static_cast<bool>(taken); });
            peer = std::move(taken);
            return;
        }
        peer = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const SocketAddress to(endpoint);
        REQUIRE(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&to), to.length) == 0);
        until([&] { return static_cast<bool>(taken); });
        side.stream = std::make_unique<MessageStream>(loop, std::move(taken), true, side, nullptr,
                                                      std::make_unique<TurningFilter>(false));
    }

    void until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done() && std::chrono::steady_clock::now() < deadline) loop.run_one_for(std::chrono::milliseconds(100));
        REQUIRE(done());
    }
    void write(const Octets& bytes) {
        REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }
    /// What the stream has sent, as soon as there is so much.
    Octets read(std::size_t count) {
        Octets bytes(count);
        std::size_t have = 0;
        until([&] {
            const auto got = ::recv(peer.get(), bytes.data() + have, count - have, MSG_DONTWAIT);
            if (got > 0) have += static_cast<std::size_t>(got);
            return have == count;
        });
        return bytes;
    }
    bool sees_end() {
        std::uint8_t byte = 0;
        until([&] { return ::recv(peer.get(), &byte, 1, MSG_DONTWAIT) == 0; });
        return true;
    }
};

Octets turned(const Octets& meant) {
    Octets made;
    for (const std::uint8_t byte : meant) {
        made.push_back(record);
        made.push_back(static_cast<std::uint8_t>(~byte));
    }
    return made;
}

}  // namespace

TEST_CASE("what is still behind the filter is to be had at once", "[filtered_stream]") {
    Behind behind;
    Refilling owner;
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd peer(ends[0]);
    owner.stream = std::make_unique<MessageStream>(behind.loop, Fd(ends[1]), true, owner, nullptr,
                                                   std::make_unique<TurningFilter>(false));
    Octets sent{hello};
    for (int i = 0; i < 20; ++i) {
        Octets message(100, 1);
        message[0] = 0;
        message[1] = 98;
        const Octets bytes = turned(message);
        sent.insert(sent.end(), bytes.begin(), bytes.end());
    }
    REQUIRE(::send(peer.get(), sent.data(), sent.size(), 0) == static_cast<ssize_t>(sent.size()));
    behind.until([&] { return !owner.counts.empty(); });
    CHECK(owner.counts == std::vector<std::size_t>{20});
    CHECK(owner.refills > 0);
}

TEST_CASE("an accepted stream opens when its filter does, and turns what goes both ways", "[filtered_stream]") {
    Behind behind;
    CHECK_FALSE(behind.side.stream->is_open());
    behind.write({hello});
    CHECK(behind.read(1) == Octets{hello});
    CHECK(behind.side.stream->is_open());
    CHECK(behind.side.connected == 1);
    behind.write(turned({0, 2, 7, 8}));
    behind.until([&] { return behind.side.messages.size() == 1; });
    CHECK(behind.side.messages[0] == Octets{7, 8});
    behind.side.stream->send(Octets{9});
    CHECK(behind.read(6) == turned({0, 1, 9}));
    CHECK(behind.side.stream->held_bytes() > 0);
}

TEST_CASE("what comes with the peer's hello is not lost", "[filtered_stream]") {
    Behind behind;
    Octets all{hello};
    for (const std::uint8_t byte : turned({0, 1, 5, 0, 1, 6})) all.push_back(byte);
    behind.write(all);
    behind.until([&] { return behind.side.messages.size() == 2; });
    CHECK(behind.side.messages == std::vector<Octets>{{5}, {6}});
}

TEST_CASE("a connecting stream sends the preface plain, and messages when its filter is open", "[filtered_stream]") {
    Behind behind(true);
    CHECK(behind.read(3) == Octets{'P', 'P', hello});
    CHECK(behind.side.connected == 0);
    behind.write({hello});
    CHECK(behind.read(8) == turned({0, 2, 1, 2}));
    CHECK(behind.side.connected == 1);
}

TEST_CASE("a filter's failure ends the stream, after what it has to say", "[filtered_stream]") {
    Behind behind;
    behind.write({'?'});
    behind.until([&] { return behind.side.end.has_value(); });
    CHECK(behind.side.end == StreamEnd::filter);
    CHECK(behind.read(1) == Octets{'A'});
    CHECK(behind.sees_end());
}

TEST_CASE("a peer that closes before the filter is open has ended it", "[filtered_stream]") {
    Behind behind;
    behind.peer.close();
    behind.until([&] { return behind.side.end.has_value(); });
    CHECK(behind.side.end == StreamEnd::filter);
}

TEST_CASE("a filter's orderly end leaves time for answers, and is answered", "[filtered_stream]") {
    Behind behind;
    Octets all{hello};
    for (const std::uint8_t byte : turned({0, 1, 5})) all.push_back(byte);
    all.push_back(goodbye);
    behind.write(all);
    behind.until([&] { return behind.side.half_closed; });
    CHECK(behind.side.messages.size() == 1);
    behind.side.stream->send(Octets{4});
    behind.side.stream->close_when_drained();
    CHECK(behind.read(1) == Octets{hello});
    CHECK(behind.read(6) == turned({0, 1, 4}));
    CHECK(behind.read(1) == Octets{goodbye});
    CHECK(behind.sees_end());
}

TEST_CASE("an end within a message is seen behind a filter", "[filtered_stream]") {
    Behind behind;
    Octets all{hello};
    for (const std::uint8_t byte : turned({0, 2, 5})) all.push_back(byte);
    all.push_back(goodbye);
    behind.write(all);
    behind.until([&] { return behind.side.end.has_value(); });
    CHECK(behind.side.end == StreamEnd::cut_short);
}

TEST_CASE("nothing comes past a filter while reading is paused, and all of it afterwards", "[filtered_stream]") {
    Behind behind;
    behind.side.stream->pause_reading();
    Octets all{hello};
    for (int i = 0; i < 3000; ++i) {
        for (const std::uint8_t byte : turned({0, 1, static_cast<std::uint8_t>(i)})) all.push_back(byte);
    }
    behind.write(all);
    behind.loop.run_for(std::chrono::milliseconds(20));
    CHECK(behind.side.messages.empty());
    behind.side.stream->resume_reading();
    behind.until([&] { return behind.side.messages.size() == 3000; });
}

TEST_CASE("a stream that is silent holds no buffers", "[filtered_stream]") {
    Behind behind;
    const std::size_t silent = behind.side.stream->held_bytes();
    behind.write({hello});
    behind.until([&] { return behind.side.stream->is_open(); });
    behind.write(turned({0, 2, 7, 8, 0}));
    behind.until([&] { return behind.side.messages.size() == 1; });
    CHECK(behind.side.stream->held_bytes() > silent);  // a length has begun
    behind.write(turned({1, 9}));
    behind.until([&] { return behind.side.messages.size() == 2; });
    behind.loop.run_for(std::chrono::milliseconds(1));
    CHECK(behind.side.stream->held_bytes() - silent < 100);  // what was written lay somewhere
}

TEST_CASE("a stream closed while its filter is opening says goodbye", "[filtered_stream]") {
    Behind behind;
    behind.side.stream->close_when_drained();
    CHECK(behind.read(1) == Octets{goodbye});
    CHECK(behind.sees_end());
}

TEST_CASE("a stream that opens in turns does so, and one that ends meanwhile is not missed", "[filtered_stream]") {
    Behind behind;
    const auto turns = std::make_shared<OneByOne>(behind.loop);
    behind.side.stream->open_in_turns(turns);
    SECTION("it opens") {
        behind.write({hello});
        CHECK(behind.read(1) == Octets{hello});
        behind.write(turned({0, 1, 5}));
        behind.until([&] { return behind.side.messages.size() == 1; });
    }
    SECTION("it is closed while its bytes wait for their turn") {
        behind.write({hello});
        turns->add([&] { behind.side.stream->close_when_drained(); });
        CHECK(behind.read(1) == Octets{goodbye});
        CHECK(behind.sees_end());
    }
    SECTION("it is gone while its bytes wait for their turn") {
        behind.write({hello});
        turns->add([&] { behind.side.stream.reset(); });
        CHECK(behind.sees_end());
    }
}
