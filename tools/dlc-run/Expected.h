// From --expected to a verdict on the outputs.
#ifndef DLC_RUN_EXPECTED_H
#define DLC_RUN_EXPECTED_H

#include "Sinks.h"

namespace dlc::run {

struct Expectation {
  uint32_t output;
  std::string name; // of the output
  Tensor tensor;
};

/// Reads what every --expected names. False after a report.
[[nodiscard]] bool readExpected(const Options &options, const dlc_session *session,
                                std::vector<Expectation> &expectations, Problems &problems);

/// Compares outputs with what is expected of them: the same dims; integers and bools equal; of
/// floats no error greater than `tolerance` times the largest finite |expected|, NaN and infinities
/// in the same places. Adds a line for each that agrees and a problem for each that does not.
[[nodiscard]] bool compareExpected(const std::vector<Expectation> &expectations, double tolerance,
                                   const Outputs &outputs, std::vector<std::string> &lines,
                                   Problems &problems);

/// The same for one output.
void compareTensors(const Expectation &expectation, double tolerance, const TensorView &found,
                    std::vector<std::string> &lines, Problems &problems);

} // namespace dlc::run

#endif
