// SPDX-License-Identifier: MIT
#include "server/page_chart.hpp"

#include <algorithm>
#include <cstdio>

namespace dproxy::server {

namespace {

using telemetry::Period;

constexpr double chart_height = 30;  ///< of a picture that is chart_points wide

/// `take` adds a known second to a point.
template <typename Take>
ChartLine line_of(const std::vector<Period>& seconds, const Take& take) {
    ChartLine line(chart_points);
    const std::size_t step = (seconds.size() + chart_points - 1) / chart_points;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        if (seconds[i].is_known()) take(seconds[i], line[i / step]);
    }
    return line;
}

void append_point(std::size_t at, double share, std::string& path) {
    char text[48];
    std::snprintf(text, sizeof text, "%zu %.1f", at, (1 - share) * (chart_height - 2) + 1);
    path += text;
}

std::string path_of(const ChartLine& line, double top) {
    std::string path;
    bool is_drawing = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at]) {
            path += is_drawing ? "L" : "M";
            append_point(at, *line[at] / top, path);
            if (!is_drawing) path += "h0";  // a single one is a dot
        }
        is_drawing = line[at].has_value();
    }
    return path;
}

}  // namespace

ChartLine mean_line(const std::vector<Period>& seconds, std::uint32_t Period::*member) {
    ChartLine known = line_of(seconds, [](const Period&, auto& point) { point = point.value_or(0) + 1; });
    ChartLine line = line_of(seconds, [member](const Period& second, auto& point) {
        point = point.value_or(0) + second.*member;
    });
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i]) *line[i] /= *known[i];
    }
    return line;
}

ChartLine latency_line(const std::vector<Period>& seconds, telemetry::BriefDuration Period::*member) {
    return line_of(seconds, [member](const Period& second, auto& point) {
        const telemetry::BriefDuration duration = second.*member;
        if (!duration.is_none()) point = std::max(point.value_or(0), duration.milliseconds());
    });
}

std::optional<double> highest(const ChartLine& line) {
    std::optional<double> found;
    for (const auto& point : line) {
        if (point) found = std::max(found.value_or(0), *point);
    }
    return found;
}

std::string chart(const std::vector<ChartLine>& lines, std::string_view words) {
    double top = 0;
    for (const ChartLine& line : lines) top = std::max(top, highest(line).value_or(0));
    if (top == 0) top = 1;
    std::string svg =
        "<svg class=\"chart\" viewBox=\"0 0 100 30\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"";
    svg.append(words).append("\">");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        svg.append("<path class=\"line").append(std::to_string(i + 1)).append("\" d=\"");
        svg.append(path_of(lines[i], top)).append("\"/>");
    }
    return svg + "</svg>";
}

}  // namespace dproxy::server
