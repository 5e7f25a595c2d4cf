// Runs a model that dlc-compile built on inputs from files and the command line.
#include "Feeds.h"
#include "OutputFile.h"
#include "Report.h"
#include "Sinks.h"

#include <chrono>

using namespace dlc::run;

namespace {
struct Model {
  dlc_session *session = nullptr;
  dlc_context *context = nullptr;
  ~Model() {
    dlc_context_release(context);
    dlc_session_release(session);
  }
};
} // namespace

static bool loadModel(const Options &options, Model &model, Problems &problems) {
  char reason[4096];
  dlc_session_options sessionOptions = {sizeof(sessionOptions), DLC_VERIFY_SMALL};
  if (options.verifyWeights)
    sessionOptions.verify_weights = DLC_VERIFY_ALWAYS;
  const dlc_context_options contextOptions = {sizeof(contextOptions), options.threads, 0};
  if (dlc_session_load(options.model.c_str(), &sessionOptions, reason, sizeof(reason),
                       &model.session) != DLC_OK)
    problems.add("{}", reason); // starts with the path
  else if (dlc_status status = dlc_context_create(model.session, &contextOptions, &model.context);
           status != DLC_OK)
    problems.add("{}: {}", options.model, dlc_status_text(status));
  return problems.empty();
}

/// Runs once, and options.repeat times more, which it times.
static bool runModel(const Options &options, const Model &model, const Feeds &feeds,
                     Outputs &outputs, std::vector<double> &milliseconds, Problems &problems) {
  const auto numInputs = static_cast<uint32_t>(feeds.inputs.size());
  for (uint32_t i = 0; i <= options.repeat; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (dlc_context_run(model.context, nullptr, feeds.inputs.data(), numInputs, outputs.data(),
                        outputs.size()) != DLC_OK) {
      problems.addLines(options.model, dlc_context_error_text(model.context));
      return false;
    }
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    if (i != 0)
      milliseconds.push_back(time.count());
  }
  return true;
}

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
    if (dlc_session_output(model.session, i, &info) == DLC_OK)
      lines.push_back(summaryLine(info.name, outputs.view(i)));
  }
}

int main(int argc, char **argv) {
  catchFailures();
  Options options;
  if (std::string problem = parseOptions(argc, argv, options); !problem.empty())
    return reportUsage(problem);
  if (options.help)
    return printText(helpText);
  Problems problems;
  Model model;
  if (!loadModel(options, model, problems))
    return reportProblems(problems);

  Feeds feeds;
  std::vector<Sink> sinks;
  const bool sinksResolved = resolveSinks(options, model.session, sinks, problems);
  if (!readFeeds(options, model.session, feeds, problems) || !sinksResolved)
    return reportProblems(problems);

  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  (void)dlc_session_describe(model.session, &info);
  Outputs outputs(info.num_outputs);
  std::vector<double> milliseconds;
  if (!planModel(options, model, feeds, outputs, problems) ||
      !checkSinks(sinks, outputs, problems) || !decodePictures(feeds, problems) ||
      !runModel(options, model, feeds, outputs, milliseconds, problems) ||
      !writeSinks(sinks, outputs, problems))
    return reportProblems(problems);

  std::vector<std::string> lines;
  if (sinks.empty())
    describeOutputs(model, outputs, lines);
  if (!milliseconds.empty())
    lines.push_back(timeLine(milliseconds));
  return printLines(lines);
}
