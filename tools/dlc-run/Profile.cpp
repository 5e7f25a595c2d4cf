#include "Profile.h"

#include <algorithm>
#include <numeric>

using namespace dlc::run;

bool dlc::run::countsFlops(const Measurement &measurement) {
  return std::any_of(measurement.rows.begin(), measurement.rows.end(),
                     [](const dlc_profile_row &row) { return row.flops != 0; });
}

/// One line of the table; `speed` and `ofPeak` are texts, as some kernels have none.
static std::string tableLine(std::string_view name, size_t width, std::string_view calls,
                             std::string_view time, std::string_view share, std::string_view speed,
                             std::string_view ofPeak, std::string_view nodes) {
  std::string line = fmt::format("{:<{}} {:>7} {:>10} {:>6} {:>8} {:>6}  {}", name, width, calls,
                                 time, share, speed, ofPeak, nodes);
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::vector<std::string> dlc::run::profileLines(const dlc_session *session,
                                                const Measurement &measurement, const Peak &peak,
                                                uint32_t numThreads) {
  const std::vector<dlc_profile_row> &rows = measurement.rows;
  const double whole =
      std::accumulate(measurement.milliseconds.begin(), measurement.milliseconds.end(), 0.0);
  constexpr const char *outside = "(outside)";
  std::vector<dlc_kernel_info> kernels(rows.size());
  std::vector<uint32_t> order;
  size_t width = std::string_view(outside).size();
  double inside = 0;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    kernels[i].struct_size = sizeof(kernels[i]);
    if (rows[i].calls == 0 || dlc_session_kernel(session, i, &kernels[i]) != DLC_OK)
      continue;
    order.push_back(i);
    width = std::max(width, std::string_view(kernels[i].name).size());
    inside += static_cast<double>(rows[i].nanoseconds) * 1e-6;
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(rows[b].nanoseconds, a) < std::pair(rows[a].nanoseconds, b);
  });
  auto share = [&](double time) { return fmt::format("{:.1f}%", 100 * time / whole); };
  std::vector<std::string> lines = {
      tableLine("kernel", width, "calls", "ms", "share", "GFLOP/s", "peak", "ONNX nodes")};
  for (uint32_t i : order) {
    const double time = static_cast<double>(rows[i].nanoseconds) * 1e-6;
    std::string speed = "-", ofPeak = "-";
    if (rows[i].flops != 0 && rows[i].nanoseconds != 0) {
      const double gflops =
          static_cast<double>(rows[i].flops) / static_cast<double>(rows[i].nanoseconds);
      speed = fmt::format("{:.1f}", gflops);
      if (peak.gflops != 0)
        ofPeak = fmt::format("{:.1f}%", 100 * gflops / peak.gflops);
    }
    lines.push_back(tableLine(kernels[i].name, width, std::to_string(rows[i].calls),
                              fmt::format("{:.3f}", time), share(time), speed, ofPeak,
                              kernels[i].nodes));
  }
  const double rest = std::max(0.0, whole - inside);
  lines.push_back(
      tableLine(outside, width, "", fmt::format("{:.3f}", rest), share(rest), "", "", ""));
  if (peak.gflops != 0)
    lines.push_back(fmt::format("peak: {:.1f} GFLOP/s of f32, measured with {} on {} thread{}",
                                peak.gflops, peak.unit, numThreads, numThreads == 1 ? "" : "s"));
  return lines;
}
