#include "Report.h"

#include "Elements.h"
#include "Terminal.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>

using namespace dlc;
using namespace dlc::run;

/// The first strings of a tensor, each cut where it is long.
static std::string stringsText(const TensorView &tensor) {
  constexpr int64_t mostStrings = 8;
  constexpr size_t mostBytes = 60;
  int64_t count = 0;
  (void)countElements(tensor.dims, count); // they are in memory
  std::string line;
  for (int64_t i = 0; i < std::min(count, mostStrings); ++i) {
    const std::string_view string = stringAt(tensor.data, static_cast<size_t>(i));
    const bool whole = string.size() <= mostBytes;
    line +=
        fmt::format("{} \"{}\"{}", i ? "," : ":", string.substr(0, mostBytes), whole ? "" : "...");
  }
  if (count > mostStrings)
    line += fmt::format(", and {} more", count - mostStrings);
  return count == 0 ? ", empty" : line;
}

void dlc::run::describeValue(const std::string &name, const dlc_value *value,
                             std::vector<std::string> &lines) {
  constexpr uint64_t mostElements = 16;
  const uint64_t count = dlc_value_count(value);
  if (dlc_value_kind(value) == DLC_KIND_TENSOR)
    return lines.push_back(summaryLine(name, viewOf(value)));
  if (dlc_value_kind(value) == DLC_KIND_OPTIONAL)
    lines.push_back(fmt::format("{}: optional, {}", name, count ? "of" : "empty"));
  else
    lines.push_back(fmt::format("{}: sequence of {}", name, count));
  for (uint64_t i = 0; i < std::min(count, mostElements); ++i)
    describeValue(fmt::format("{}[{}]", name, i), dlc_value_element(value, i), lines);
  if (count > mostElements)
    lines.push_back(fmt::format("{}: {} more", name, count - mostElements));
}

std::string dlc::run::summaryLine(const std::string &name, const TensorView &tensor) {
  if (tensor.dtype == DLC_STRING)
    return fmt::format("{}: string {}{}", name, dimsText(tensor.dims), stringsText(tensor));
  std::string line =
      fmt::format("{}: {} {}", name, dlc_dtype_name(tensor.dtype), dimsText(tensor.dims));
  const size_t elementSize = dlc_dtype_size(tensor.dtype);
  const size_t count = tensor.size / elementSize;
  if (count == 0)
    return line + ", empty";
  if (!hasNumbers(tensor.dtype))
    return line;
  double least = std::numeric_limits<double>::infinity(), most = -least, sum = 0;
  size_t numNan = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<double>(
        loadElement(tensor.dtype, static_cast<const char *>(tensor.data) + i * elementSize));
    if (std::isnan(value)) {
      ++numNan;
      continue;
    }
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
  }
  if (count != numNan)
    line += fmt::format(", min {:.6g}, mean {:.6g}, max {:.6g}", least,
                        sum / static_cast<double>(count - numNan), most);
  if (numNan != 0)
    line += fmt::format(", {} NaN", numNan);
  return line;
}

std::string dlc::run::timeLine(std::vector<double> milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  const size_t count = milliseconds.size(), middle = count / 2;
  const double median =
      count % 2 ? milliseconds[middle] : (milliseconds[middle - 1] + milliseconds[middle]) / 2;
  const double p90 = milliseconds[(9 * count + 9) / 10 - 1]; // the nearest rank
  return fmt::format("{} runs: median {:.3f} ms, min {:.3f} ms, p90 {:.3f} ms", count, median,
                     milliseconds.front(), p90);
}

/// Where standard error is closed nobody can be told: the exit status says it alone.
static void printError(const std::string &line) {
  (void)fwrite(line.data(), 1, line.size(), stderr);
}

int dlc::run::reportProblems(const Problems &problems) {
  for (const std::string &problem : problems.all())
    printError("error: " + escape(problem) + '\n');
  return 1;
}

int dlc::run::reportUsage(const std::string &problem) {
  printError(getUsageLine(problem));
  return 2;
}

int dlc::run::printText(const std::string &text) {
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size() && fflush(stdout) == 0)
    return 0;
  printError(fmt::format("error: standard output: cannot be written: {}\n", strerror(errno)));
  return 1;
}

int dlc::run::printLines(const std::vector<std::string> &lines) {
  std::string text;
  for (const std::string &line : lines)
    text += escape(line) + '\n';
  return printText(text);
}
