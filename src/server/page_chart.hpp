// SPDX-License-Identifier: MIT
// Small charts of what was counted, drawn as SVG, with what they show in words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/past.hpp"

namespace dproxy::server {

/// Points of a line: ten minutes in steps of six seconds.
inline constexpr std::size_t chart_points = 100;

/// From left to right; nothing where it is not known, which is a gap in the line.
using ChartLine = std::vector<std::optional<double>>;

/// The mean of the known seconds of each step.
ChartLine mean_line(const std::vector<telemetry::Period>& seconds, std::uint32_t telemetry::Period::*member);
/// The largest of each step, in milliseconds.
ChartLine latency_line(const std::vector<telemetry::Period>& seconds,
                       telemetry::BriefDuration telemetry::Period::*member);

/// Where there is anything.
std::optional<double> highest(const ChartLine& line);

/// Lines over the same time, from zero to the highest of all; the second is drawn apart. `words` are HTML.
std::string chart(const std::vector<ChartLine>& lines, std::string_view words);

}  // namespace dproxy::server
