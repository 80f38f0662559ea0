// SPDX-License-Identifier: MIT
// Values of keys, from text: durations, numbers, switches, lists, networks, addresses. The same for
// .prox files, the main file, the environment and flags.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/address.hpp"
#include "net/network_list.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::config {

/// Where an address names no port.
inline constexpr std::uint16_t dns_port = 53;
inline constexpr std::uint16_t tls_port = 853;    ///< RFC 7858 3.1
inline constexpr std::uint16_t https_port = 443;  ///< RFC 8484

/// A value, or a sentence that says what was found and what was expected (without key, file and line).
template <typename T>
struct Parsed {
    std::optional<T> value;
    std::string fault;  ///< empty where there is a value

    explicit operator bool() const { return value.has_value(); }
    const T& operator*() const { return *value; }
    const T* operator->() const { return &*value; }
    static Parsed good(T v) { return {std::move(v), {}}; }
    static Parsed bad(std::string sentence) { return {std::nullopt, std::move(sentence)}; }
};

/// `250ms`, `4s`, `1m`: a whole number and its unit.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text, std::chrono::milliseconds min,
                                                 std::chrono::milliseconds max);
/// As parse_duration reads it back, in the largest unit that fits: `1m`, `90s`, `250ms`.
std::string duration_text(std::chrono::milliseconds duration);
/// A whole number in decimal digits, from min to max.
Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max);
/// `true`, `yes`, `on`, `1`, `false`, `no`, `off`, `0`, in any case.
Parsed<bool> parse_switch(std::string_view text);
/// `off` (0), `on` (1), or `1/N`: one in how many.
Parsed<std::uint32_t> parse_one_in(std::string_view text);
/// As parse_one_in reads it back.
std::string one_in_text(std::uint32_t one_in);

/// The items of a list separated by commas, white space or both. Into the text given; none is empty.
std::vector<std::string_view> split_list(std::string_view text);
/// The same, item by item.
template <typename Take>
void for_each_item(std::string_view text, const Take& take) {
    constexpr std::string_view separators = ", \t\r\v\f\n";
    std::size_t at = text.find_first_not_of(separators);
    while (at != std::string_view::npos) {
        const std::size_t end = text.find_first_of(separators, at);
        take(text.substr(at, end - at));
        at = text.find_first_not_of(separators, end);
    }
}

/// One or more networks, `10.0.0.0/8, ::1`.
Parsed<net::NetworkList> parse_networks(std::string_view text);
/// `IP`, `IP:port`, `[IPv6]:port`. Port 0 is taken only where a program of ours binds to it.
enum class PortZero : std::uint8_t { refused, taken };
Parsed<net::Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port, PortZero port_zero);
/// One upstream: also `host`, `host:port`.
Parsed<routing::Target> parse_target(std::string_view text, std::uint16_t default_port);
/// One or more upstreams, at most max_targets_per_route.
Parsed<std::vector<routing::Target>> parse_targets(std::string_view text, std::uint16_t default_port);

/// One or more addresses to answer with, `192.0.2.1, 2001:db8::1`, each once, at most max_answer_addresses.
Parsed<std::vector<net::Address>> parse_answer_addresses(std::string_view text);
/// One or more types, `A, AAAA, TYPE65280`, in order, each once.
Parsed<std::vector<std::uint16_t>> parse_types(std::string_view text);

/// A name and a type, `example.com SOA`.
Parsed<routing::ProbeSetting> parse_probe(std::string_view text);

/// Where questions go over HTTP (RFC 8484 3): `/dns-query`.
inline constexpr std::string_view usual_https_path = "/dns-query";
inline constexpr std::size_t max_https_path_bytes = 255;
Parsed<std::string> parse_https_path(std::string_view text);

/// Without regard to ASCII case.
bool equal_words(std::string_view a, std::string_view b);
/// The fault of a value that is none of the words: "`x` was found; expected one of `a`, `b`".
std::string not_one_of(std::string_view text, std::span<const std::string_view> words);

template <typename T>
struct Choice {
    std::string_view word;
    T value;
};
/// Values that have a name_of() beside their type, by their names.
template <typename T, typename... More>
constexpr std::array<Choice<T>, 1 + sizeof...(More)> named(T first, More... more) {
    return {Choice<T>{name_of(first), first}, Choice<T>{name_of(more), more}...};
}
/// One of a few words, in any case.
template <typename T, std::size_t N>
Parsed<T> parse_choice(std::string_view text, const std::array<Choice<T>, N>& choices) {
    std::array<std::string_view, N> words;
    for (std::size_t i = 0; i < N; ++i) {
        if (equal_words(text, choices[i].word)) return Parsed<T>::good(choices[i].value);
        words[i] = choices[i].word;
    }
    return Parsed<T>::bad(not_one_of(text, words));
}

}  // namespace dproxy::config
