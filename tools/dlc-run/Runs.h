// Running a model, once or to measure it.
#ifndef DLC_RUN_RUNS_H
#define DLC_RUN_RUNS_H

#include "Feeds.h"
#include "Sinks.h"

namespace dlc::run {

/// What the measured runs told.
struct Measurement {
  std::vector<double> milliseconds;  // of each run
  std::vector<dlc_profile_row> rows; // of each kernel; empty without --profile
};

/// Runs once for the outputs; with --bench goes on until the machine is warm (three runs, or half a
/// second), then measures. False after a report.
[[nodiscard]] bool runModel(const Options &options, const dlc_session *session,
                            dlc_context *context, const Feeds &feeds, Outputs &outputs,
                            Measurement &measurement, Problems &problems);

} // namespace dlc::run

#endif
