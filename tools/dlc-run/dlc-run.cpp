// Runs a model that dlc-compile built on inputs from files and the command line.
#include "Expected.h"
#include "Model.h"
#include "OutputFile.h"
#include "Profile.h"
#include "Progress.h"
#include "Report.h"
#include "Terminal.h"

#include <cstring>

using namespace dlc::run;

/// Computes the outputs' dims from those of the inputs.
static bool planModel(const Options &options, const Model &model, const Feeds &feeds,
                      Outputs &outputs, Problems &problems) {
  if (dlc_context_plan(model.context, feeds.inputs.data(),
                       static_cast<uint32_t>(feeds.inputs.size()), outputs.data(), outputs.size(),
                       nullptr) != DLC_OK)
    problems.addLines(options.model, dlc_context_error_text(model.context));
  return problems.empty();
}

static void describeOutputs(const Model &model, const Outputs &outputs,
                            std::vector<std::string> &lines) {
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    dlc_tensor_info info = {};
    info.struct_size = sizeof(info);
    if (dlc_session_output(model.session, i, &info) != DLC_OK)
      continue;
    if (const dlc_value *value = outputs.value(i))
      describeValue(info.name, value, lines);
    else
      lines.push_back(summaryLine(info.name, outputs.view(i)));
  }
}

static void describeMeasurement(const Options &options, const Model &model,
                                const dlc_session_info &info, const Measurement &measurement,
                                std::vector<std::string> &lines) {
  if (measurement.milliseconds.empty())
    return;
  lines.push_back(timeLine(measurement.milliseconds));
  if (!options.profile)
    return;
  const uint32_t numThreads = dlc_context_num_threads(model.context);
  // Kernels of a GPU have no share of what the CPU can do.
  const bool showsPeak = info.device == std::string_view("cpu") && countsFlops(measurement);
  const Peak peak = showsPeak ? measurePeak(numThreads) : Peak{0, ""};
  for (std::string &line : profileLines(model.session, measurement, peak, numThreads))
    lines.push_back(std::move(line));
}

static bool run(const Options &options, const Model &model, dlc::Progress &progress,
                std::vector<std::string> &lines, Problems &problems) {
  progress.begin("reading inputs");
  Feeds feeds;
  std::vector<Sink> sinks;
  std::vector<Expectation> expectations;
  const bool sinksResolved = resolveSinks(options, model.session, sinks, problems);
  const bool expectedRead = readExpected(options, model.session, expectations, problems);
  if (!readFeeds(options, model.session, feeds, problems) || !sinksResolved || !expectedRead)
    return false;
  lines = feeds.lines;

  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  (void)dlc_session_describe(model.session, &info);
  Outputs outputs(info.num_outputs);
  Measurement measurement;
  if ((feeds.planReadsPictures && !decodePictures(options, feeds, problems)) ||
      !planModel(options, model, feeds, outputs, problems) ||
      !checkSinks(sinks, outputs, problems) || !decodePictures(options, feeds, problems))
    return false;
  progress.begin("running");
  if (!runModel(options, model.session, model.context, feeds, outputs, measurement, problems))
    return false;
  progress.begin("writing outputs");
  if (!writeSinks(sinks, outputs, problems))
    return false;
  if (const char *version = dlc_context_version(model.context); *version)
    lines.push_back(std::string("version for ") + version);
  if (strcmp(info.device, "cpu") != 0 || *info.fallback)
    lines.push_back(
        fmt::format("device {}{}{}", info.device, *info.fallback ? ": " : "", info.fallback));
  if (sinks.empty() && expectations.empty())
    describeOutputs(model, outputs, lines);
  const bool asExpected =
      compareExpected(expectations, options.tolerance, outputs, lines, problems);
  describeMeasurement(options, model, info, measurement, lines);
  return asExpected;
}

/// From the artifact to the last output; `lines` is what to print.
static bool loadAndRun(const Options &options, std::vector<std::string> &lines,
                       Problems &problems) {
  dlc::Progress progress("dlc-run");
  progress.begin("loading");
  Model model;
  return loadModel(options, model, problems) && run(options, model, progress, lines, problems);
}

int main(int argc, char **argv) {
  catchFailures();
  Options options;
  if (std::string problem = parseOptions(argc, argv, options); !problem.empty())
    return reportUsage(problem);
  if (options.help || options.version)
    return printText(options.help ? helpText : dlc::versionText);
  Problems problems;
  std::vector<std::string> lines;
  const bool done = loadAndRun(options, lines, problems);
  const int status = printLines(lines);
  return done ? status : reportProblems(problems);
}
