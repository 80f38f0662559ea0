// SPDX-License-Identifier: MIT
// Against a reader of the test's own, which speaks the protocol by hand: it can stall, leave and misbehave.
// tests/integration/test_dnstap_readers.py has the real ones.
#include "io/frame_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "config_directory.hpp"

using namespace dproxy;
using namespace std::string_literals;

namespace {

const std::string content = "protobuf:some.Thing";

std::string length_of(std::size_t length) {
    return {static_cast<char>(length >> 24), static_cast<char>(length >> 16), static_cast<char>(length >> 8),
            static_cast<char>(length)};
}

/// A control frame: an escape, a length, the type, and perhaps a content type.
std::string control(char type, const std::string& content_type = {}) {
    std::string body = "\0\0\0"s + type;
    if (!content_type.empty()) body += "\0\0\0\1"s + length_of(content_type.size()) + content_type;
    return "\0\0\0\0"s + length_of(body.size()) + body;
}
constexpr char accept_type = 1, start_type = 2, stop_type = 3, ready_type = 4, finish_type = 5;

std::string data(const std::string& frame) { return length_of(frame.size()) + frame; }

/// A Unix socket that listens.
struct Listening {
    test::TemporaryDirectory top;
    const std::string path = (top / "reader.sock").string();
    io::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    Listening() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), address.sun_path);
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(socket.get(), 5) == 0);
    }
};

/// One connection of the writer's, on the reader's side.
struct Reader {
    io::Fd connection;

    explicit Reader(const Listening& listening) : connection(::accept(listening.socket.get(), nullptr, nullptr)) {}
    void say(const std::string& bytes) const { ::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    std::string hear(std::size_t count) const {
        std::string bytes(count, '\0');
        const ssize_t came = ::recv(connection.get(), bytes.data(), count, MSG_WAITALL);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(came, 0)));
        return bytes;
    }
    /// True where the writer says that it is there for such content, and begins.
    bool agree() const {
        const std::string ready = control(ready_type, content);
        if (hear(ready.size()) != ready) return false;
        say(control(accept_type, content));
        const std::string start = control(start_type, content);
        return hear(start.size()) == start;
    }
};

struct Trial {
    Listening listening;
    std::atomic<bool> ending{false};
    io::FrameStream stream{content, [this] { return ending.load(); }};

    bool open() { return stream.open({.path = listening.path}); }

    bool write(const std::vector<std::string>& frames) {
        std::vector<iovec> parts;
        for (const std::string& frame : frames) parts.push_back({const_cast<char*>(frame.data()), frame.size()});
        return stream.write(parts);
    }
};

}  // namespace

TEST_CASE("frames arrive whole and in their order, and the end is told", "[frame_stream]") {
    Trial trial;
    const std::string large(300'000, 'x');
    std::string heard;
    bool agreed = false;
    std::thread reading([&] {
        const Reader reader(trial.listening);
        agreed = reader.agree();
        const std::string all = data("one") + data("two") + data(large) + control(stop_type);
        heard = reader.hear(all.size());
        reader.say(control(finish_type));
        heard = heard == all ? "all" : "something else";
    });
    CHECK(trial.open());
    CHECK(trial.stream.fault().empty());
    CHECK(trial.stream.check());
    CHECK(trial.write({"one", "two"}));
    CHECK(trial.write({large}));
    trial.stream.close();
    CHECK_FALSE(trial.stream.is_open());
    reading.join();
    CHECK(agreed);
    CHECK(heard == "all");
}

TEST_CASE("many frames at once", "[frame_stream]") {
    Trial trial;
    const std::vector<std::string> frames(1000, "frame");
    std::string heard;
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.agree();
        heard = reader.hear(frames.size() * data("frame").size());
    });
    REQUIRE(trial.open());
    CHECK(trial.write(frames));
    reading.join();
    std::string all;
    for (const std::string& frame : frames) all += data(frame);
    CHECK(heard == all);
}

TEST_CASE("nobody listens", "[frame_stream]") {
    const test::TemporaryDirectory top;
    io::FrameStream stream(content, [] { return false; });
    CHECK_FALSE(stream.open({.path = (top / "nobody.sock").string()}));
    CHECK_FALSE(stream.is_open());
    CHECK(stream.fault() == std::strerror(ENOENT));
    CHECK_FALSE(stream.check());
}

TEST_CASE("a reader that wants other frames, or speaks something else", "[frame_stream]") {
    const std::string answer = GENERATE(control(accept_type, "protobuf:other.Thing"), control(finish_type, content),
                                        "HTTP/1.1 400 Bad Request\r\n\r\n"s);
    Trial trial;
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.hear(control(ready_type, content).size());
        reader.say(answer);
        reader.hear(1);
    });
    CHECK_FALSE(trial.open());
    reading.join();
    CHECK(trial.stream.fault() == "it does not speak Frame Streams, or takes other frames than " + content);
}

TEST_CASE("a reader that leaves before it has agreed", "[frame_stream]") {
    Trial trial;
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.hear(control(ready_type, content).size());
    });
    CHECK_FALSE(trial.open());
    reading.join();
    CHECK(trial.stream.fault() == "it closed the connection");
}

TEST_CASE("a reader that leaves is known to be gone, and the stream can be opened again", "[frame_stream]") {
    Trial trial;
    for (int turn = 0; turn < 3; ++turn) {
        std::thread reading([&] {
            const Reader reader(trial.listening);
            reader.agree();
        });
        REQUIRE(trial.open());
        reading.join();
        CHECK_FALSE(trial.stream.check());
        CHECK(trial.stream.fault() == "it closed the connection");
        CHECK_FALSE(trial.stream.is_open());
    }
}

TEST_CASE("what is written to a reader that left is lost, and costs no signal", "[frame_stream]") {
    Trial trial;
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.agree();
    });
    REQUIRE(trial.open());
    reading.join();
    CHECK_FALSE(trial.write({"one"}));
    CHECK_FALSE(trial.stream.is_open());
    CHECK(trial.stream.fault() == std::strerror(EPIPE));
}

TEST_CASE("a reader that speaks out of turn", "[frame_stream]") {
    Trial trial;
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.agree();
        reader.say("x");
    });
    REQUIRE(trial.open());
    reading.join();
    CHECK_FALSE(trial.stream.check());
    CHECK_FALSE(trial.stream.fault().empty());
}

TEST_CASE("once it is ending, a reader that takes nothing is not waited for any longer", "[frame_stream]") {
    Trial trial;
    std::atomic<bool> is_over{false};
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.agree();
        while (!is_over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    REQUIRE(trial.open());
    trial.ending = true;
    const std::string large(8 << 20, 'x');
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(trial.write({large}));
    // In less than that it is left: a busy machine may make it later, never earlier.
    CHECK(std::chrono::steady_clock::now() - begin >= io::longest_reader_end);
    CHECK(trial.stream.fault() == "it takes nothing");
    trial.stream.close();  // without a word
    is_over = true;
    reading.join();
}

TEST_CASE("a reader that does not say that it has all is not waited for at the end", "[frame_stream]") {
    Trial trial;
    std::atomic<bool> is_over{false};
    std::thread reading([&] {
        const Reader reader(trial.listening);
        reader.agree();
        while (!is_over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    REQUIRE(trial.open());
    trial.ending = true;
    trial.stream.close();
    CHECK(trial.stream.fault() == "it says nothing");
    is_over = true;
    reading.join();
}
