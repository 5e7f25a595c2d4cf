// What dlc-run prints.
#ifndef DLC_RUN_REPORT_H
#define DLC_RUN_REPORT_H

#include "Tensor.h"

namespace dlc::run {

/// One line: name, element type, dims, and minimum, mean and maximum of the elements that are not
/// NaN.
std::string summaryLine(const std::string &name, const TensorView &tensor);

/// "12 runs: min 3.141 ms, median 3.200 ms"; `milliseconds` is not empty.
std::string timeLine(std::vector<double> milliseconds);

/// Prints "error: ..." for each problem and returns the exit status for bad input.
int reportProblems(const Problems &problems);

} // namespace dlc::run

#endif
