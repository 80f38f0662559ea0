// SPDX-License-Identifier: MIT
#include "telemetry/counters.hpp"

#include <set>
#include <string>

#include "catch.hpp"
#include "dns/message.hpp"

using namespace dproxy::telemetry;

namespace {

/// Every value of a label has a name, no two the same, and none that would need escaping.
template <typename Label>
void check_names() {
    std::set<std::string> names;
    for (std::size_t i = 0; i < count_of<Label>; ++i) {
        const std::string name(name_of(static_cast<Label>(i)));
        CHECK_FALSE(name.empty());
        CHECK(name.find_first_of(" \"\\\n") == std::string::npos);
        names.insert(name);
    }
    CHECK(names.size() == count_of<Label>);
}

}  // namespace

TEST_CASE("each label value has a name of its own") {
    check_names<Transport>();
    check_names<Family>();
    check_names<Side>();
    check_names<Source>();
    check_names<UpstreamTransport>();
    check_names<AttemptReason>();
    check_names<TypeLabel>();
    check_names<RcodeLabel>();
    check_names<Drop>();
    check_names<Rejection>();
    check_names<Failure>();
    // One from the end of each list, as a list in another order would be as long.
    CHECK(name_of(Family::v6) == "6");
    CHECK(name_of(TypeLabel::caa) == "CAA");
    CHECK(name_of(RcodeLabel::notzone) == "NOTZONE");
    CHECK(name_of(Drop::reply_malformed) == "reply_malformed");
    CHECK(name_of(Rejection::tcp_framing) == "tcp_framing");
    CHECK(name_of(Failure::tls) == "tls");
}

TEST_CASE("a type's label is spelled as the type's name") {
    for (std::uint32_t type = 0; type < 65536; ++type) {
        const TypeLabel label = type_label(static_cast<std::uint16_t>(type));
        if (label == TypeLabel::other) continue;
        CHECK(name_of(label) == dproxy::dns::type_name(static_cast<std::uint16_t>(type)));
    }
    CHECK(type_label(65280) == TypeLabel::other);
    CHECK(type_label(0) == TypeLabel::other);
}

TEST_CASE("rcodes fold to the known ones") {
    CHECK(rcode_label(3) == RcodeLabel::nxdomain);
    CHECK(rcode_label(6) == RcodeLabel::other);
    CHECK(rcode_label(10) == RcodeLabel::notzone);
    CHECK(rcode_label(16) == RcodeLabel::badvers);
    CHECK(rcode_label(23) == RcodeLabel::badcookie);
    CHECK(rcode_label(0xf5) == RcodeLabel::other);
}

TEST_CASE("a duration counts in the first bucket whose bound it does not exceed") {
    const auto bucket_of = [](std::uint64_t nanoseconds) {
        DurationHistogram histogram;
        histogram.observe(nanoseconds);
        CHECK(histogram.sum_ns() == nanoseconds);
        for (std::size_t i = 0; i < DurationHistogram::bucket_count; ++i) {
            if (histogram.bucket(i) == 1) return i;
        }
        return DurationHistogram::bucket_count;
    };
    CHECK(bucket_of(0) == 0);
    CHECK(bucket_of(1) == 0);
    CHECK(bucket_of(31'250) == 0);
    CHECK(bucket_of(31'251) == 1);
    CHECK(bucket_of(62'500) == 1);
    CHECK(bucket_of(62'501) == 2);
    CHECK(bucket_of(250'000) == 3);
    CHECK(bucket_of(8'192'000'000) == DurationHistogram::bucket_count - 2);
    CHECK(bucket_of(8'192'000'001) == DurationHistogram::bucket_count - 1);
    CHECK(bucket_of(~std::uint64_t{0}) == DurationHistogram::bucket_count - 1);
}

TEST_CASE("slots begin at zero and can be cleared") {
    WorkerCounters worker(first_route_slot + 10, first_upstream_slot + 10);
    CHECK(worker.route(12).requests.value() == 0);
    worker.route(12).requests.add(3);
    worker.route(12).responses[RcodeLabel::other].add();
    worker.route(12).duration.observe(5);
    worker.route(12).clear();
    CHECK(worker.route(12).requests.value() == 0);
    CHECK(worker.route(12).responses[RcodeLabel::other].value() == 0);
    CHECK(worker.route(12).duration.bucket(0) == 0);

    UpstreamCounters& upstream = worker.upstream(10);
    upstream.requests[3][AttemptReason::probe].add();
    upstream.responses[RcodeLabel::noerror].add();
    upstream.failures[Failure::other].add();
    upstream.duration.observe(5);
    upstream.inflight.add();
    upstream.clear();
    CHECK(upstream.requests[3][AttemptReason::probe].value() == 0);
    CHECK(upstream.responses[RcodeLabel::noerror].value() == 0);
    CHECK(upstream.failures[Failure::other].value() == 0);
    CHECK(upstream.duration.bucket(0) == 0);
    CHECK(upstream.duration.sum_ns() == 0);
    CHECK(upstream.inflight.value() == 0);
}
