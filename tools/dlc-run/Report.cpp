#include "Report.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

using namespace dlc::run;

/// IEEE half precision to single, exactly.
static double halfToDouble(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31)
    magnitude = fraction ? std::numeric_limits<double>::quiet_NaN()
                         : std::numeric_limits<double>::infinity();
  return bits >> 15 ? -magnitude : magnitude;
}

template <typename T> static double loadAs(const char *element) {
  T value;
  memcpy(&value, element, sizeof(value));
  return static_cast<double>(value);
}

static double loadElement(int32_t dtype, const char *element) {
  uint16_t bits = 0;
  switch (dtype) {
  case DLC_F32:
    return loadAs<float>(element);
  case DLC_F64:
    return loadAs<double>(element);
  case DLC_I8:
    return loadAs<int8_t>(element);
  case DLC_U16:
    return loadAs<uint16_t>(element);
  case DLC_I16:
    return loadAs<int16_t>(element);
  case DLC_I32:
    return loadAs<int32_t>(element);
  case DLC_I64:
    return loadAs<int64_t>(element);
  case DLC_U32:
    return loadAs<uint32_t>(element);
  case DLC_U64:
    return loadAs<uint64_t>(element);
  case DLC_F16:
    memcpy(&bits, element, sizeof(bits));
    return halfToDouble(bits);
  case DLC_BF16:
    memcpy(&bits, element, sizeof(bits));
    return std::bit_cast<float>(uint32_t{bits} << 16);
  default: // u8 and bool
    return loadAs<uint8_t>(element);
  }
}

std::string dlc::run::summaryLine(const std::string &name, const TensorView &tensor) {
  const size_t elementSize = dlc_dtype_size(tensor.dtype);
  const size_t count = tensor.size / elementSize;
  double least = std::numeric_limits<double>::infinity(), most = -least, sum = 0;
  size_t numNan = 0;
  for (size_t i = 0; i < count; ++i) {
    double value =
        loadElement(tensor.dtype, static_cast<const char *>(tensor.data) + i * elementSize);
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
  const size_t middle = milliseconds.size() / 2;
  const double median = milliseconds.size() % 2
                            ? milliseconds[middle]
                            : (milliseconds[middle - 1] + milliseconds[middle]) / 2;
  return fmt::format("{} runs: min {:.3f} ms, median {:.3f} ms", milliseconds.size(),
                     milliseconds.front(), median);
}

int dlc::run::reportProblems(const Problems &problems) {
  for (const std::string &line : problems.all())
    fmt::print(stderr, "error: {}\n", line);
  return 1;
}
