// SPDX-License-Identifier: MIT
// Held by tests/unit/telemetry/collector_test.cpp.
#include "telemetry/families.hpp"

namespace dproxy::telemetry {
namespace {

Series requests(Workers workers) {
    Series series(Metric::requests);
    for_each_label<Transport>([&](Transport transport) {
        for_each_label<Family>([&](Family family) {
            for_each_label<TypeLabel>([&](TypeLabel type) {
                const auto read = [=](const WorkerCounters& worker) {
                    return worker.requests[index_of(transport)][index_of(family)][type].value();
                };
                series.add({name_of(transport), name_of(family), name_of(type)}, total(workers, read));
            });
        });
    });
    return series;
}

Series responses(Workers workers) {
    Series series(Metric::responses);
    for_each_label<Transport>([&](Transport transport) {
        for_each_label<RcodeLabel>([&](RcodeLabel rcode) {
            for_each_label<Source>([&](Source source) {
                const auto read = [=](const WorkerCounters& worker) {
                    return worker.responses[index_of(transport)][index_of(rcode)][source].value();
                };
                series.add({name_of(transport), name_of(rcode), name_of(source)}, total(workers, read));
            });
        });
    });
    return series;
}

Series durations(Workers workers) {
    Series series(Metric::request_duration);
    for_each_label<Transport>([&](Transport transport) {
        HistogramSum sum = HistogramSum::of_durations();
        for (const WorkerCounters* worker : workers) sum.add(worker->duration[index_of(transport)]);
        series.add({name_of(transport)}, sum);
    });
    return series;
}

/// A metric with one label, of which each worker has one counter for each value.
template <typename Label>
Series by_label(Metric metric, Workers workers, CounterBy<Label> WorkerCounters::*counters) {
    Series series(metric);
    for_each_label<Label>([&](Label label) {
        series.add({name_of(label)},
                   total(workers, [=](const WorkerCounters& worker) { return (worker.*counters)[label].value(); }));
    });
    return series;
}

Series handshakes(Workers workers) {
    Series series(Metric::tls_handshakes);
    for_each_label<Side>([&](Side side) {
        for_each_label<Handshake>([&](Handshake result) {
            const auto read = [=](const WorkerCounters& worker) {
                return worker.tls_handshakes[index_of(side)][result].value();
            };
            series.add({name_of(side), name_of(result)}, total(workers, read));
        });
    });
    return series;
}

Series plain(Metric metric, Workers workers, Counter WorkerCounters::*counter) {
    Series series(metric);
    series.add({}, total(workers, [=](const WorkerCounters& worker) { return (worker.*counter).value(); }));
    return series;
}

}  // namespace

void add_traffic_families(Workers workers, Families& families) {
    families.push_back(requests(workers).take());
    families.push_back(responses(workers).take());
    families.push_back(durations(workers).take());
    families.push_back(plain(Metric::inflight_requests, workers, &WorkerCounters::inflight).take());
    families.push_back(by_label(Metric::dropped, workers, &WorkerCounters::dropped).take());
    families.push_back(by_label(Metric::client_rejected, workers, &WorkerCounters::rejected).take());
    families.push_back(by_label(Metric::tcp_connections, workers, &WorkerCounters::tcp_connections).take());
    families.push_back(handshakes(workers).take());
    families.push_back(by_label(Metric::tls_handshaking, workers, &WorkerCounters::tls_handshaking).take());
    families.push_back(by_label(Metric::tls_resumptions, workers, &WorkerCounters::tls_resumptions).take());
    families.push_back(by_label(Metric::http_responses, workers, &WorkerCounters::http_responses).take());
    families.push_back(plain(Metric::buffered_bytes, workers, &WorkerCounters::buffered_bytes).take());
    families.push_back(plain(Metric::shed_networks, workers, &WorkerCounters::shed_networks).take());
    families.push_back(plain(Metric::cache_entries, workers, &WorkerCounters::cache_entries).take());
    families.push_back(plain(Metric::cache_bytes, workers, &WorkerCounters::cache_bytes).take());
    families.push_back(plain(Metric::udp_receive_drops, workers, &WorkerCounters::udp_receive_drops).take());
}

}  // namespace dproxy::telemetry
