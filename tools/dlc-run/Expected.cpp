#include "Expected.h"

#include "Elements.h"
#include "Sources.h"

#include <algorithm>
#include <cmath>

using namespace dlc::run;

bool dlc::run::readExpected(const Options &options, const dlc_session *session,
                            std::vector<Expectation> &expectations, Problems &problems) {
  Sources sources;
  resolveSources(options.model, session, Ports::outputs, options.expected, sources, problems);
  for (const Source &source : sources.list) {
    Expectation expectation = {source.port, source.info.name, {}};
    if (readSource(Ports::outputs, source, expectation.tensor, problems))
      expectations.push_back(std::move(expectation));
  }
  return problems.empty();
}

namespace {
struct Comparison {
  long double largest = 0; // finite |expected|
  long double error = 0;   // the greatest; infinite where NaN or infinity meets another number
  size_t at = 0;           // element with that error
};
} // namespace

static long double errorOf(long double expected, long double found) {
  if (std::isnan(expected) || std::isnan(found))
    return std::isnan(expected) && std::isnan(found) ? 0 : INFINITY;
  return expected == found ? 0 : std::fabs(expected - found);
}

static Comparison compareElements(const TensorView &found, const char *expected) {
  Comparison result;
  const size_t elementSize = dlc_dtype_size(found.dtype);
  const auto *data = static_cast<const char *>(found.data);
  for (size_t at = 0; at < found.size; at += elementSize) {
    const long double value = loadElement(found.dtype, expected + at);
    const long double error = errorOf(value, loadElement(found.dtype, data + at));
    if (std::isfinite(value))
      result.largest = std::max(result.largest, std::fabs(value));
    if (error > result.error) {
      result.error = error;
      result.at = at / elementSize;
    }
  }
  return result;
}

/// "[0, 2, 1]": the place of an element.
static std::string placeText(size_t element, const std::vector<int64_t> &dims) {
  std::vector<size_t> place(dims.size());
  for (size_t d = dims.size(); d-- > 0; element /= static_cast<size_t>(dims[d]))
    place[d] = element % static_cast<size_t>(dims[d]);
  return fmt::format("[{}]", fmt::join(place, ", "));
}

void dlc::run::compareTensors(const Expectation &expectation, double tolerance,
                              const TensorView &found, std::vector<std::string> &lines,
                              Problems &problems) {
  const Tensor &expected = expectation.tensor;
  if (expected.dims != found.dims || expected.dtype != found.dtype) {
    problems.add("output '{}': expected {} {}, found {} {}", expectation.name,
                 dlc_dtype_name(expected.dtype), dimsText(expected.dims),
                 dlc_dtype_name(found.dtype), dimsText(found.dims));
    return;
  }
  const Comparison result = compareElements(found, expected.data.data());
  const bool floats = isFloat(found.dtype);
  const long double relative =
      result.error == 0 ? 0 : result.error / result.largest; // infinite where all is 0
  std::string line = fmt::format("max |error| {:.3g}", static_cast<double>(result.error));
  if (floats)
    line += fmt::format(", {:.3g} of the largest |expected| {:.6g}", static_cast<double>(relative),
                        static_cast<double>(result.largest));
  if (floats ? relative <= static_cast<long double>(tolerance) : result.error == 0) {
    lines.push_back(fmt::format("{}: as expected: {}", expectation.name, line));
    return;
  }
  const size_t at = result.at * dlc_dtype_size(found.dtype);
  auto valueAt = [&](const void *data) {
    return static_cast<double>(loadElement(found.dtype, static_cast<const char *>(data) + at));
  };
  problems.add("output '{}': {}, over the tolerance of {:g}: expected {:.9g} at {}, found {:.9g}",
               expectation.name, line, floats ? tolerance : 0, valueAt(expected.data.data()),
               placeText(result.at, found.dims), valueAt(found.data));
}

bool dlc::run::compareExpected(const std::vector<Expectation> &expectations, double tolerance,
                               const Outputs &outputs, std::vector<std::string> &lines,
                               Problems &problems) {
  for (const Expectation &expectation : expectations)
    compareTensors(expectation, tolerance, outputs.view(expectation.output), lines, problems);
  return problems.empty();
}
