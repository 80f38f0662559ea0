// SPDX-License-Identifier: MIT
#include "routing/host_addresses.hpp"

#include "catch.hpp"

using namespace dproxy;
using routing::HostAddresses;
using routing::HostFinding;
using State = HostAddresses::State;

namespace {

constexpr std::uint64_t start = 1'000 * HostAddresses::second_ns;
using Addresses = std::vector<net::Address>;

Addresses addresses(std::initializer_list<const char*> texts) {
    Addresses list;
    for (const char* text : texts) list.push_back(*net::Address::parse(text));
    return list;
}

HostFinding found(std::optional<Addresses> v4, std::optional<Addresses> v6, std::uint32_t ttl = 60,
                  const char* name = "a.test") {
    return {HostFinding::Result::found, dns::Name::parse(name, true).name, {std::move(v4), std::move(v6)}, ttl, false};
}

HostFinding without(HostFinding::Result result) { return {result, {}, {}, 0, false}; }

std::string text(const HostAddresses& host) {
    std::string text;
    for (const auto& address : host.addresses()) text += address.to_string() + " ";
    return text;
}

/// Seconds until it is asked again.
double wait(const HostAddresses& host, std::uint64_t now = start) {
    return static_cast<double>(host.next_ns() - now) / static_cast<double>(HostAddresses::second_ns);
}

}  // namespace

TEST_CASE("a name is asked for at once, and has the addresses that are found", "[host_addresses]") {
    HostAddresses host(start);
    CHECK(host.next_ns() == start);
    CHECK(host.state() == State::unresolved);
    CHECK(host.take(found(addresses({"192.0.2.1", "192.0.2.2"}), addresses({"2001:db8::1"})), start, 0));
    CHECK(text(host) == "192.0.2.1 192.0.2.2 2001:db8::1 ");
    CHECK(host.state() == State::resolved);
    CHECK_FALSE(host.take(found(addresses({"192.0.2.1", "192.0.2.2"}), addresses({"2001:db8::1"})), start, 0));
    CHECK(host.take(found(addresses({"192.0.2.2"}), Addresses{}), start, 0));
    CHECK(text(host) == "192.0.2.2 ");
}

TEST_CASE("the TTL says when to ask again, within its floor and cap", "[host_addresses]") {
    HostAddresses host(start);
    const auto after = [&](std::uint32_t ttl) {
        host.take(found(addresses({"192.0.2.1"}), Addresses{}, ttl), start, 0xffffffff);
        return wait(host);
    };
    CHECK(after(0) == 5);
    CHECK(after(4) == 5);
    CHECK(after(5) == 5);
    CHECK(after(6) == 6);
    CHECK(after(299) == 299);
    CHECK(after(301) == 300);
    CHECK(after(0x7fffffff) == 300);
}

TEST_CASE("failures are retried less and less often", "[host_addresses]") {
    HostAddresses host(start);
    for (const double seconds : {1, 2, 4, 8, 16, 30, 30, 30}) {
        CHECK_FALSE(host.take(without(HostFinding::Result::failed), start, 0));
        CHECK(wait(host) == seconds);
    }
    host.take(without(HostFinding::Result::failed), start, 0xffffffff);
    CHECK(wait(host) > 22.4);
    CHECK(wait(host) < 22.6);
    host.take(found(addresses({"192.0.2.1"}), Addresses{}), start, 0);
    host.take(without(HostFinding::Result::absent), start, 0);
    CHECK(wait(host) == 1);
}

TEST_CASE("the last good addresses stay until others are found", "[host_addresses]") {
    for (const auto result : {HostFinding::Result::failed, HostFinding::Result::absent}) {
        HostAddresses host(start);
        host.take(without(result), start, 0);
        CHECK(host.state() == State::unresolved);
        host.take(found(addresses({"192.0.2.1"}), Addresses{}), start, 0);
        for (int i = 0; i < 100; ++i) CHECK_FALSE(host.take(without(result), start, 0));
        CHECK(host.state() == State::kept);
        CHECK(text(host) == "192.0.2.1 ");
        CHECK(host.take(found(addresses({"192.0.2.9"}), Addresses{}), start, 0));
        CHECK(host.state() == State::resolved);
        CHECK(text(host) == "192.0.2.9 ");
    }
}

TEST_CASE("a family whose question failed keeps its addresses, and is asked again soon", "[host_addresses]") {
    HostAddresses host(start);
    host.take(found(addresses({"192.0.2.1"}), addresses({"2001:db8::1"})), start, 0);
    CHECK(host.take(found(addresses({"192.0.2.2"}), std::nullopt, 300), start, 0));
    CHECK(text(host) == "192.0.2.2 2001:db8::1 ");
    CHECK(wait(host) == 30);
    // Under another name they would be another server's.
    CHECK(host.take(found(addresses({"192.0.2.2"}), std::nullopt, 10, "b.test"), start, 0));
    CHECK(text(host) == "192.0.2.2 ");
    CHECK(wait(host) == 10);
}

TEST_CASE("of many addresses as many are taken as the limit says", "[host_addresses]") {
    Addresses many;
    for (unsigned i = 0; i < 1000; ++i) {
        many.push_back(net::Address::v4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)));
    }
    HostAddresses host(start);
    host.take(found(many, addresses({"2001:db8::1"})), start, 0);
    CHECK(host.addresses().size() == routing::max_addresses_per_host);
    CHECK(host.addresses().front() == many.front());
}
