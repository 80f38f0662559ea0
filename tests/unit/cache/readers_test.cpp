// SPDX-License-Identifier: MIT
// Readers beside writers: what is found is always whole, and always the answer to what was asked. ThreadSanitizer sees
// it too.
#include <atomic>
#include <random>
#include <thread>

#include "cache/answer_memory.hpp"
#include "catch.hpp"
#include "kept.hpp"

using namespace dproxy;
using cache::AnswerMemory;
using test::Asked;
using test::Packet;
namespace qtype = test::qtype;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

constexpr std::size_t names = 6'000;
constexpr int rounds = 12'000;

std::string name_of(std::size_t number) { return "n" + std::to_string(number) + ".test"; }

/// Its data says which name it is for, in each of its records.
Packet answer(std::size_t number) {
    Packet reply = Packet::reply(name_of(number), qtype::a);
    const auto low = static_cast<std::uint8_t>(number), high = static_cast<std::uint8_t>(number >> 8);
    for (std::size_t i = 0; i <= number % 9; ++i) reply.answer(name_of(number), qtype::a, {high, low, high, low});
    return reply;
}

/// Asks for names at random and keeps what it does not find; returns how many were found, and whether all were right.
struct Worker {
    unsigned part = 0;
    std::size_t found = 0;
    bool all_right = true;

    void run(AnswerMemory& memory) {
        auto room = cache::make_record_room();
        std::mt19937 random(part);
        for (int i = 0; i < rounds; ++i) {
            const std::size_t number = random() % names;
            const Asked asked(Packet::query(name_of(number), qtype::a));
            const auto hit = memory.find(*asked.key, 0, room);
            if (!hit) {
                memory.keep(part, test::kept(asked, answer(number)));
                continue;
            }
            ++found;
            memory.count_hit(hit);
            const std::vector<std::uint64_t> record(hit.words.begin(), hit.words.end());
            all_right = all_right && test::written(record, asked, 0) == answer(number).bytes();
        }
    }
};

}  // namespace

TEST_CASE("what is found beside writers is whole", "[answer_memory][threads]") {
    constexpr unsigned workers = 3;
    AnswerMemory memory(workers * megabyte, workers);
    for (unsigned part = 0; part < workers; ++part) memory.open(part);
    std::vector<Worker> all(workers);
    std::vector<std::thread> threads;
    for (unsigned part = 0; part < workers; ++part) {
        all[part].part = part;
        threads.emplace_back([&, part] { all[part].run(memory); });
    }
    for (int i = 0; i < 20; ++i) {
        memory.forget([](const cache::KeptAnswer& kept) { return kept.head().ttl_count == 3; }, 1);
    }
    for (auto& thread : threads) thread.join();
    for (const Worker& worker : all) {
        CHECK(worker.all_right);
        CHECK(worker.found > 0);
    }
}

TEST_CASE("what is forgotten is gone, though it is asked for and kept again meanwhile", "[answer_memory][threads]") {
    constexpr unsigned workers = 2;
    AnswerMemory memory(workers * megabyte, workers);
    for (unsigned part = 0; part < workers; ++part) memory.open(part);
    std::atomic<bool> goes_on{true};
    std::vector<std::thread> threads;
    for (unsigned part = 0; part < workers; ++part) {
        threads.emplace_back([&, part] {
            auto room = cache::make_record_room();
            for (std::size_t number = 0; goes_on; number = (number + 1) % 50) {
                const Asked asked(Packet::query(name_of(number), qtype::a));
                const auto hit = memory.find(*asked.key, 0, room);
                if (hit) memory.count_hit(hit);
                memory.keep(part, test::kept(asked, answer(number)), 99);  // asked before it is forgotten, all of it
            }
        });
    }
    std::size_t forgotten = 0;
    while (forgotten < 1'000) forgotten += memory.forget([](const auto&) { return true; }, 0);
    memory.forget([](const auto&) { return true; }, 100);
    goes_on = false;
    for (auto& thread : threads) thread.join();
    auto room = cache::make_record_room();
    for (std::size_t number = 0; number < 50; ++number) {
        const Asked asked(Packet::query(name_of(number), qtype::a));
        CHECK_FALSE(memory.find(*asked.key, 0, room));
    }
}
