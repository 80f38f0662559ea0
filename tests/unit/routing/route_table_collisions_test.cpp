// SPDX-License-Identifier: MIT
// Patterns that somebody chose so that they meet in the table. Judged by how many names a lookup has to pass, as time
// decides no test.
#include <algorithm>
#include <random>
#include <set>

#include "routing/name_hash.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t crowd = 95'000;
/// Two of three places are taken: runs of some fifty are usual among so many, some hundred are seen now and then, of
/// thousands impossible. The process's key is another each time.
constexpr std::size_t usual = 400;

std::string numbered(std::size_t number) { return "z" + std::to_string(1'000'000 + number) + ".lab"; }

/// A label of these bytes, as a file would have it; nothing where the table would have it in other bytes.
std::optional<std::string> written(const std::string& label) {
    std::string text;
    for (const char character : label) {
        const auto byte = static_cast<std::uint8_t>(character);
        if (byte >= 'A' && byte <= 'Z') return std::nullopt;
        const std::string digits = std::to_string(byte);
        text += '\\' + std::string(3 - digits.size(), '0') + digits;
    }
    return text;
}

std::string bytes_of(std::uint64_t word, std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(word >> (8 * i));
    return bytes;
}

/// A hash with no key, of the kind that a table must not have (the multipliers are MurmurHash3's).
std::uint64_t unkeyed(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    hash = (hash ^ (hash >> 32)) * 0xc4ceb9fe1a85ec53;
    return hash ^ (hash >> 29);
}

/// Labels of fifteen bytes with their length, whose second half is chosen so that all have the same unkeyed hash:
/// the state before the last step is the same when the last word undoes what the first one did.
std::vector<std::string> meeting_without_a_key(std::size_t count) {
    std::vector<std::string> patterns;
    std::set<std::uint64_t> hashes;
    for (std::uint64_t number = 1; patterns.size() < count; ++number) {
        const std::uint64_t first = 15 | number << 8;
        const std::uint64_t second = unkeyed(1, first) ^ 0x0123456789abcdef;
        const auto label = written(bytes_of(first, 8).substr(1) + bytes_of(second, 8));
        if (!label) continue;
        patterns.push_back(*label + ".lab");
        hashes.insert(unkeyed(unkeyed(1, first), second));
    }
    CHECK(hashes.size() == 1);
    return patterns;
}

constexpr net::KeyedHash::Key known_key{0x0123456789abcdef, 0xfedcba9876543210, 0x5851f42d4c957f2d};
constexpr net::KeyedHash::Key unknown_key{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb};

/// The same against the table's own hash by somebody who knows the key: of two words, the second takes back to one
/// state, modulo the prime, what the first one brought.
std::vector<std::string> meeting_under(const net::KeyedHash& hash, std::size_t count) {
    constexpr std::uint64_t prime = (std::uint64_t{1} << 61) - 1;
    const std::array<std::uint8_t, 12> lab{3, 'l', 'a', 'b'};
    const std::uint64_t suffix = take_label(hash, hash.begin(), lab.data());
    std::vector<std::string> patterns;
    for (std::uint64_t number = 1; patterns.size() < count; ++number) {
        const std::uint64_t first = 13 | number << 8;
        const std::uint64_t before = hash.take(suffix, first) % prime;
        const std::uint64_t second = (prime - before + (std::uint64_t{1} << 56)) % prime;
        if (second > net::KeyedHash::word_mask) continue;
        const auto label = written(bytes_of(first, 7).substr(1) + bytes_of(second, 7));
        if (label) patterns.push_back(*label + ".lab");
    }
    return patterns;
}

std::size_t longest_run(const std::vector<std::string>& patterns, const net::KeyedHash& hash = net::process_hash()) {
    const auto built = RouteTable::build({file_of("chosen.prox", patterns)}, hash);
    CHECK(built.duplicates.empty());
    CHECK(built.table->route_count() == patterns.size());
    return built.table->longest_run();
}

}  // namespace

TEST_CASE("names chosen to meet do so in no table", "[route_table][collisions]") {
    std::vector<std::string> any;
    for (std::size_t i = 0; i < crowd; ++i) any.push_back(numbered(i));
    CHECK(longest_run(any) < usual);
    CHECK(longest_run(meeting_without_a_key(crowd)) < usual);
}

TEST_CASE("only the key tells which names would meet", "[route_table][collisions]") {
    const net::KeyedHash known(known_key);
    const net::KeyedHash unknown(unknown_key);
    const auto chosen = meeting_under(known, 5'000);  // few: each has to pass all that came before it
    CHECK(longest_run(chosen, known) > 1'000);
    CHECK(longest_run(chosen, unknown) < usual);
    CHECK(longest_run(chosen) < usual);
}

TEST_CASE("with another key it is the same table", "[route_table][collisions]") {
    std::vector<std::string> sections{"*", ".example.com", "a.example.com *.b.example.com", "*.c.b.example.com", "com"};
    for (std::size_t i = 0; i < 2'000; ++i) sections.push_back((i % 3 ? "*." : "") + numbered(i / 2));
    std::vector<std::string> again(sections.begin() + 100, sections.begin() + 200);
    const std::vector files{file_of("a.prox", sections), file_of("b.prox", again)};
    const auto one = RouteTable::build(files, net::KeyedHash(known_key));
    const auto other = RouteTable::build(files, net::KeyedHash(unknown_key));

    CHECK_FALSE(one.duplicates.empty());
    CHECK(one.duplicates == other.duplicates);
    const auto entries = one.table->entries();
    const auto other_entries = other.table->entries();
    REQUIRE(entries.size() == other_entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        CHECK(entries[i].pattern == other_entries[i].pattern);
        CHECK(entries[i].route == other_entries[i].route);
        const RouteIndex route = entries[i].route;
        CHECK(one.table->key(route) == other.table->key(route));
        CHECK(one.table->find_label(one.table->label(route)) == other.table->find_label(other.table->label(route)));
    }
    for (std::size_t i = 0; i < 3'000; ++i) {
        for (const std::string& name : {numbered(i), "www." + numbered(i), "x.y." + numbered(i) + ".example.com"}) {
            CHECK(found(*one.table, name) == found(*other.table, name));
        }
    }
}

}  // namespace dproxy::routing
