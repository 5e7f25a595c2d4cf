#include "Runs.h"

#include <chrono>

using namespace dlc::run;

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// A row for each kernel.
static std::vector<dlc_profile_row> makeRows(const dlc_session *session) {
  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  (void)dlc_session_describe(session, &info);
  dlc_profile_row row = {};
  row.struct_size = sizeof(row);
  return std::vector<dlc_profile_row>(info.num_kernels, row);
}

bool dlc::run::runModel(const Options &options, const dlc_session *session, dlc_context *context,
                        const Feeds &feeds, Outputs &outputs, Measurement &measurement,
                        Problems &problems) {
  dlc_run_options runOptions = {};
  runOptions.struct_size = sizeof(runOptions);
  auto run = [&] {
    if (dlc_context_run(context, &runOptions, feeds.inputs.data(),
                        static_cast<uint32_t>(feeds.inputs.size()), outputs.data(),
                        outputs.size()) == DLC_OK)
      return true;
    problems.addLines(options.model, dlc_context_error_text(context));
    return false;
  };
  constexpr int warmUps = 3;
  constexpr double warmUpSeconds = 0.5;
  const auto warmUpBegin = Clock::now();
  for (int i = 0; i == 0 || (options.bench.wanted() && i < warmUps &&
                             secondsSince(warmUpBegin) < warmUpSeconds);
       ++i)
    if (!run())
      return false;
  if (!options.bench.wanted())
    return true;
  if (options.profile) {
    measurement.rows = makeRows(session);
    runOptions.profile = measurement.rows.data();
    runOptions.num_profile_rows = static_cast<uint32_t>(measurement.rows.size());
  }
  const auto begin = Clock::now();
  std::vector<double> &milliseconds = measurement.milliseconds;
  while (options.bench.runs ? milliseconds.size() < options.bench.runs
                            : milliseconds.empty() || secondsSince(begin) < options.bench.seconds) {
    const auto runBegin = Clock::now();
    if (!run())
      return false;
    milliseconds.push_back(secondsSince(runBegin) * 1e3);
  }
  return true;
}
