// SPDX-License-Identifier: MIT
#include "routing/host_lookup.hpp"

#include "catch.hpp"

using namespace dproxy;
using dns::AddressFinding;
using routing::AddressFamily;
using routing::HostFinding;
using routing::HostLookup;
using routing::QuestionOutcome;
using Step = HostLookup::Step;

namespace {

HostLookup lookup(std::initializer_list<const char*> candidates) {
    std::vector<dns::Name> names;
    for (const char* one : candidates) names.push_back(dns::Name::parse(one, true).name);
    return HostLookup(std::move(names));
}

QuestionOutcome found(std::initializer_list<const char*> addresses, std::uint32_t ttl = 60) {
    QuestionOutcome outcome;
    outcome.answer = {AddressFinding::found, {}, ttl};
    for (const char* one : addresses) outcome.answer.addresses.push_back(*net::Address::parse(one));
    return outcome;
}

const QuestionOutcome none{{AddressFinding::no_address, {}, 0}, false};
const QuestionOutcome no_such_name{{AddressFinding::no_such_name, {}, 0}, false};
const QuestionOutcome error{{}, false};
const QuestionOutcome silence{{}, true};

Step both(HostLookup& round, const QuestionOutcome& v4, const QuestionOutcome& v6) {
    CHECK(round.take(AddressFamily::v6, v6) == Step::wait);
    return round.take(AddressFamily::v4, v4);
}

}  // namespace

TEST_CASE("addresses of both families are found under one name", "[host_lookup]") {
    auto round = lookup({"a.test", "b.test"});
    CHECK(both(round, found({"192.0.2.1"}, 60), found({"2001:db8::1"}, 20)) == Step::over);
    const HostFinding& finding = round.finding();
    CHECK(finding.result == HostFinding::Result::found);
    CHECK(finding.name.to_text() == "a.test");
    CHECK(finding.addresses[0]->size() == 1);
    CHECK(finding.addresses[1]->size() == 1);
    CHECK(finding.ttl == 20);
}

TEST_CASE("one family is enough, and the other one is known to be empty or unknown", "[host_lookup]") {
    auto round = lookup({"a.test"});
    CHECK(both(round, found({"192.0.2.1"}), none) == Step::over);
    REQUIRE(round.finding().addresses[1]);
    CHECK(round.finding().addresses[1]->empty());
    for (const QuestionOutcome& failure : {error, silence}) {
        auto other = lookup({"a.test"});
        CHECK(both(other, found({"192.0.2.1"}), failure) == Step::over);
        CHECK(other.finding().result == HostFinding::Result::found);
        CHECK_FALSE(other.finding().addresses[1]);
    }
}

TEST_CASE("a name without an address leads to the next one", "[host_lookup]") {
    auto round = lookup({"a.test", "b.test", "c.test"});
    CHECK(both(round, no_such_name, no_such_name) == Step::ask_next);
    CHECK(round.name().to_text() == "b.test");
    CHECK(both(round, none, none) == Step::ask_next);
    CHECK(both(round, none, found({"2001:db8::1"})) == Step::over);
    CHECK(round.finding().name.to_text() == "c.test");
}

TEST_CASE("when no name has an address, none has", "[host_lookup]") {
    auto round = lookup({"a.test", "b.test"});
    CHECK(both(round, none, none) == Step::ask_next);
    CHECK(both(round, no_such_name, none) == Step::over);
    CHECK(round.finding().result == HostFinding::Result::absent);
}

TEST_CASE("errors lead on, but leave it unknown", "[host_lookup]") {
    auto round = lookup({"a.test", "b.test"});
    CHECK(both(round, error, none) == Step::ask_next);
    CHECK(both(round, none, none) == Step::over);
    CHECK(round.finding().result == HostFinding::Result::failed);
    CHECK_FALSE(round.finding().silent);

    auto saved = lookup({"a.test", "b.test"});
    CHECK(both(saved, error, error) == Step::ask_next);
    CHECK(both(saved, found({"192.0.2.1"}), none) == Step::over);
    CHECK(saved.finding().result == HostFinding::Result::found);
}

TEST_CASE("silence ends the round", "[host_lookup]") {
    auto round = lookup({"a.test", "b.test"});
    CHECK(both(round, silence, none) == Step::over);
    CHECK(round.finding().result == HostFinding::Result::failed);
    CHECK(round.finding().silent);
}

TEST_CASE("a family that is known can be used while the other one is silent", "[host_lookup]") {
    for (const auto family : {AddressFamily::v4, AddressFamily::v6}) {
        auto round = lookup({"a.test", "b.test"});
        CHECK_FALSE(round.is_half());
        CHECK(round.take(family, found({"192.0.2.1"}, 60)) == Step::wait);
        CHECK(round.is_half());
        REQUIRE(round.go_on_without_other() == Step::use_half);
        const auto known = static_cast<std::size_t>(family);
        CHECK(round.finding().result == HostFinding::Result::found);
        CHECK(round.finding().addresses[known]->size() == 1);
        CHECK_FALSE(round.finding().addresses[1 - known]);
        CHECK(round.finding().ttl == 60);

        const auto other = family == AddressFamily::v4 ? AddressFamily::v6 : AddressFamily::v4;
        auto late = round;
        CHECK(late.take(other, found({"2001:db8::1"}, 20)) == Step::over);
        CHECK(late.finding().addresses[0]->size() == 1);
        CHECK(late.finding().addresses[1]->size() == 1);
        CHECK(late.finding().ttl == 20);
        CHECK(round.take(other, silence) == Step::over);
        CHECK(round.finding().addresses[known]->size() == 1);
    }
}

TEST_CASE("that there is no such name is true of both families, where it is said of A", "[host_lookup]") {
    auto round = lookup({"a.test", "b.test"});
    CHECK(round.take(AddressFamily::v4, no_such_name) == Step::wait);
    CHECK(round.go_on_without_other() == Step::ask_next);
    CHECK(round.name().to_text() == "b.test");
    CHECK_FALSE(round.is_half());
    CHECK(round.take(AddressFamily::v4, no_such_name) == Step::wait);
    CHECK(round.go_on_without_other() == Step::over);
    CHECK(round.finding().result == HostFinding::Result::absent);

    auto silent = lookup({"a.test", "b.test"});
    CHECK(both(silent, no_such_name, silence) == Step::ask_next);

    auto aaaa = lookup({"a.test", "b.test"});
    CHECK(aaaa.take(AddressFamily::v6, no_such_name) == Step::wait);
    CHECK(aaaa.go_on_without_other() == Step::wait);
    CHECK(aaaa.take(AddressFamily::v4, silence) == Step::over);
    CHECK(aaaa.finding().silent);

    auto nodata = lookup({"a.test", "b.test"});
    CHECK(nodata.take(AddressFamily::v4, none) == Step::wait);
    CHECK(nodata.go_on_without_other() == Step::wait);
}

TEST_CASE("addresses where no upstream can be are none", "[host_lookup]") {
    for (const char* bad : {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "fe80::1"}) {
        INFO(bad);
        CHECK_FALSE(routing::can_be_upstream(*net::Address::parse(bad)));
    }
    for (const char* good : {"127.0.0.1", "10.0.0.1", "223.255.255.255", "::1", "fd00::1", "2001:db8::1"}) {
        INFO(good);
        CHECK(routing::can_be_upstream(*net::Address::parse(good)));
    }
    auto round = lookup({"a.test"});
    CHECK(both(round, found({"0.0.0.0"}), none) == Step::over);
    CHECK(round.finding().result == HostFinding::Result::absent);
}
