// SPDX-License-Identifier: MIT
#include "telemetry/collector.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <utility>

#include "telemetry/families.hpp"

namespace dproxy::telemetry {

class Collector::Source final : public prometheus::Collectable {
public:
    explicit Source(CollectorSources sources) : sources_(std::move(sources)) {
        assert(sources_.labels && sources_.config && sources_.failures && sources_.http_rejections &&
               sources_.query_lines_lost && sources_.dnstap_lost);
    }

    std::vector<prometheus::MetricFamily> Collect() const override {
        Families families;
        families.reserve(metric_catalog().size());
        Series build(Metric::build_info);
        build.add({sources_.build.version, sources_.build.revision}, std::uint64_t{1});
        families.push_back(build.take());

        const std::shared_ptr<const MetricLabels> labels = sources_.labels->current();
        add_traffic_families(sources_.workers, families);
        Series failures(Metric::worker_errors);
        failures.add({}, sources_.failures->count());
        families.push_back(failures.take());
        add_lost(Metric::querylog_dropped, &WorkerCounters::query_log_dropped, *sources_.query_lines_lost, families);
        add_lost(Metric::dnstap_dropped, &WorkerCounters::dnstap_dropped, *sources_.dnstap_lost, families);
        Series http(Metric::http_rejected);
        for_each_label<HttpRejection>([&](HttpRejection reason) {
            http.add({name_of(reason)}, (*sources_.http_rejections)[reason].value());
        });
        families.push_back(http.take());
        add_route_families(sources_.workers, *labels, families);
        add_upstream_families(sources_.workers, *labels, families);
        add_config_families(sources_.config->facts(), families);
        add_process_families(read_process_facts(), families);
        return families;
    }

private:
    /// What the workers had no room for, and what their reader lost.
    void add_lost(Metric metric, Counter WorkerCounters::*dropped, const Counter& lost, Families& families) const {
        Series series(metric);
        series.add({}, total(sources_.workers, [&](const auto& one) { return (one.*dropped).value(); }) + lost.value());
        families.push_back(series.take());
    }

    CollectorSources sources_;
};

Collector::Collector(CollectorSources sources) : source_(std::make_unique<Source>(std::move(sources))) {}
Collector::~Collector() = default;

std::string Collector::text() const { return prometheus::TextSerializer().Serialize(source_->Collect()); }

}  // namespace dproxy::telemetry
