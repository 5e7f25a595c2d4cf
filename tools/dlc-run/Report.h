// What dlc-run prints. File names, names of inputs and the artifact's texts may hold anything: the
// functions that print show their control characters as \xNN.
#ifndef DLC_RUN_REPORT_H
#define DLC_RUN_REPORT_H

#include "Tensor.h"

namespace dlc::run {

/// One line: name, element type, dims, and of numbers minimum, mean and maximum of the elements
/// that are not NaN, or the first strings.
std::string summaryLine(const std::string &name, const TensorView &tensor);

/// The lines for a value: one for each tensor of a sequence.
void describeValue(const std::string &name, const dlc_value *value,
                   std::vector<std::string> &lines);

/// "12 runs: median 3.200 ms, min 3.141 ms, p90 3.310 ms"; `milliseconds` is not empty.
std::string timeLine(std::vector<double> milliseconds);

/// Prints "error: ..." for each problem and returns the exit status for bad input.
int reportProblems(const Problems &problems);

/// Prints what is wrong with the command line and returns the exit status for that.
int reportUsage(const std::string &problem);

/// Prints lines to standard output and returns the exit status: 0, or that for bad input where they
/// cannot be written.
int printLines(const std::vector<std::string> &lines);

/// The same for a text that is printed as it is.
int printText(const std::string &text);

} // namespace dlc::run

#endif
