#include "Report.h"

#include "Elements.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>

using namespace dlc::run;

std::string dlc::run::summaryLine(const std::string &name, const TensorView &tensor) {
  const size_t elementSize = dlc_dtype_size(tensor.dtype);
  const size_t count = tensor.size / elementSize;
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
  std::string line =
      fmt::format("{}: {} {}", name, dlc_dtype_name(tensor.dtype), dimsText(tensor.dims));
  if (count == 0)
    return line + ", empty";
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

/// `text` on one line of its own.
static std::string lineOf(std::string_view text) {
  std::string line;
  for (char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f)
      line += fmt::format("\\x{:02x}", code);
    else
      line += c;
  }
  return line + '\n';
}

/// Where standard error is closed nobody can be told: the exit status says it alone.
static void printError(std::string_view problem) {
  const std::string line = "error: " + lineOf(problem);
  (void)fwrite(line.data(), 1, line.size(), stderr);
}

int dlc::run::reportProblems(const Problems &problems) {
  for (const std::string &problem : problems.all())
    printError(problem);
  return 1;
}

int dlc::run::reportUsage(const std::string &problem) {
  printError(problem);
  (void)fputs("Try dlc-run --help.\n", stderr);
  return 2;
}

int dlc::run::printText(const std::string &text) {
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size() && fflush(stdout) == 0)
    return 0;
  printError(fmt::format("standard output: cannot be written: {}", strerror(errno)));
  return 1;
}

int dlc::run::printLines(const std::vector<std::string> &lines) {
  std::string text;
  for (const std::string &line : lines)
    text += lineOf(line);
  return printText(text);
}
