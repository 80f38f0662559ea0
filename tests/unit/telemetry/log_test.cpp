// SPDX-License-Identifier: MIT
#include "telemetry/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace dproxy::telemetry;

namespace {

struct Pipe {
    Pipe() { REQUIRE(::pipe(ends) == 0); }
    ~Pipe() {
        close_reader();
        close_writer();
    }
    void close_reader() { close_end(0); }
    void close_writer() { close_end(1); }
    void close_end(int end) {
        if (ends[end] >= 0) ::close(ends[end]);
        ends[end] = -1;
    }
    /// All lines until the end of the pipe.
    std::vector<std::string> lines() {
        std::vector<std::string> result(1);
        std::array<char, 4096> block{};
        for (ssize_t length; (length = ::read(ends[0], block.data(), block.size())) > 0;) {
            for (const char byte : std::string_view(block.data(), static_cast<std::size_t>(length))) {
                if (byte == '\n') {
                    result.emplace_back();
                } else {
                    result.back() += byte;
                }
            }
        }
        if (result.back().empty()) result.pop_back();
        return result;
    }
    int ends[2] = {-1, -1};
};

bool starts_with_time(const std::string& line) {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd.dddZ ";
    if (line.size() < shape.size()) return false;
    return std::equal(shape.begin(), shape.end(), line.begin(), [](char expected, char found) {
        return expected == 'd' ? found >= '0' && found <= '9' : found == expected;
    });
}

}  // namespace

TEST_CASE("the log writes one line an event, from its level up") {
    Pipe pipe;
    {
        Log log({LogLevel::info, LogFormat::text, pipe.ends[1]});
        CHECK_FALSE(log.writes(LogLevel::debug));
        log.debug("not this");
        log.info("routes reloaded", {{"added", "a b"}, {"routes", 12}});
        log.warning("careful");
        log.error("{} %v is no format");
    }
    pipe.close_writer();
    const auto lines = pipe.lines();
    REQUIRE(lines.size() == 3);
    for (const std::string& line : lines) CHECK(starts_with_time(line));
    CHECK(lines[0].substr(25) == R"(info routes reloaded added="a b" routes=12)");
    CHECK(lines[1].substr(25) == "warning careful");
    CHECK(lines[2].substr(25) == "error {} %v is no format");
}

TEST_CASE("the log writes JSON") {
    Pipe pipe;
    { Log({LogLevel::debug, LogFormat::json, pipe.ends[1]}).debug("m", {{"n", 1}}); }
    pipe.close_writer();
    const auto lines = pipe.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with(R"({"time":"20)"));
    CHECK(lines[0].ends_with(R"(Z","level":"debug","message":"m","n":1})"));
}

TEST_CASE("threads may log at the same time") {
    Pipe pipe;
    std::vector<std::string> lines;
    std::thread reader([&] { lines = pipe.lines(); });
    {
        Log log({LogLevel::info, LogFormat::text, pipe.ends[1]});
        std::vector<std::thread> writers;
        for (int writer = 0; writer < 4; ++writer) {
            writers.emplace_back([&log, writer] {
                for (int i = 0; i < 500; ++i) log.info("event", {{"writer", writer}, {"i", i}});
            });
        }
        for (std::thread& writer : writers) writer.join();
    }
    pipe.close_writer();
    reader.join();
    CHECK(lines.size() == 2000);
    for (const std::string& line : lines) CHECK(starts_with_time(line));
}

TEST_CASE("a reader that takes nothing holds nobody up, and learns what it missed") {
    Pipe pipe;
    constexpr std::size_t events = 3 * Log::max_waiting_lines;
    {
        Log log({LogLevel::info, LogFormat::text, pipe.ends[1]});
        for (std::size_t i = 0; i < events; ++i) log.info("event", {{"i", i}});
    }  // returns although nobody reads
    pipe.close_writer();
    const auto lines = pipe.lines();
    CHECK(lines.size() < events);
    CHECK_FALSE(lines.empty());
    for (const std::string& line : lines) CHECK((starts_with_time(line) || &line == &lines.back()));
}

TEST_CASE("a reader that comes back is told how many lines it missed") {
    Pipe pipe;
    std::atomic<bool> told{false};
    std::thread reader;
    {
        Log log({LogLevel::info, LogFormat::text, pipe.ends[1]});
        for (std::size_t i = 0; i < 3 * Log::max_waiting_lines; ++i) log.info("event", {{"i", i}});
        reader = std::thread([&] {
            std::string read;
            std::array<char, 4096> block{};
            for (ssize_t length; (length = ::read(pipe.ends[0], block.data(), block.size())) > 0;) {
                read.append(block.data(), static_cast<std::size_t>(length));
                if (read.find("lines were lost") != std::string::npos) told = true;
            }
        });
        while (!told) {
            log.info("again");
            std::this_thread::yield();
        }
    }
    pipe.close_writer();
    reader.join();
    CHECK(told);
}

TEST_CASE("a reader that is gone is no end of the program") {
    const auto before = std::signal(SIGPIPE, SIG_IGN);  // as main does
    Pipe pipe;
    pipe.close_reader();
    {
        Log log({LogLevel::info, LogFormat::text, pipe.ends[1]});
        for (int i = 0; i < 100; ++i) log.info("event");
    }
    { Log({LogLevel::info, LogFormat::text, -1}).info("a descriptor that is not open"); }
    std::signal(SIGPIPE, before);
    SUCCEED();
}

TEST_CASE("lines that were made elsewhere are written whole, between those of the log", "[log]") {
    std::FILE* const file = std::tmpfile();  // takes all at once, however slow the machine is
    REQUIRE(file != nullptr);
    constexpr int rounds = 500;
    {
        Log log({LogLevel::info, LogFormat::text, ::fileno(file)});
        CHECK(log.format() == LogFormat::text);
        std::thread other([&] {
            for (int i = 0; i < rounds; ++i) log.info("event", {{"long", std::string(6000, 'x')}});
        });
        const std::string made = "one of two\nthe other of two\n";
        for (int i = 0; i < rounds; ++i) CHECK(log.write_lines(made) == made.size());
        other.join();
    }
    std::rewind(file);
    int ones = 0, others = 0;
    std::array<char, 8192> room{};
    while (std::fgets(room.data(), room.size(), file) != nullptr) {
        std::string line = room.data();
        REQUIRE(line.ends_with('\n'));
        line.pop_back();
        ones += line == "one of two";
        others += line == "the other of two";
        CHECK((starts_with_time(line) || line.ends_with(" of two")));
    }
    CHECK(ones == rounds);
    CHECK(others == rounds);
    std::fclose(file);
}

TEST_CASE("of lines made elsewhere it is told how much a reader that takes nothing took", "[log]") {
    Pipe pipe;
    std::string read;
    const std::string made = std::string(99, 'x') + '\n';
    std::size_t taken = 0;
    {
        Log log({LogLevel::info, LogFormat::text, pipe.ends[1]});
        std::size_t written = 0;
        do {
            written = log.write_lines(made);
            taken += written;
        } while (written == made.size());
        CHECK(log.write_lines(made) == 0);
        std::array<char, 65536> block{};
        read.assign(block.data(), static_cast<std::size_t>(::read(pipe.ends[0], block.data(), block.size())));
        CHECK(log.write_lines(made) == made.size());  // it takes some again
        taken += made.size();
    }
    pipe.close_writer();
    for (const std::string& line : pipe.lines()) read += line + '\n';
    CHECK(read.size() >= taken);
    CHECK(read.ends_with(made));
}
