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
  if (dlc_session_load(options.model.c_str(), &sessionOptions, reason, sizeof(reason),
                       &model.session) != DLC_OK)
    problems.addLines(reason);
  else if (dlc_status status = dlc_context_create(model.session, nullptr, &model.context);
           status != DLC_OK)
    problems.add("{}: {}", options.model, dlc_status_text(status));
  return problems.empty();
}

/// Runs once, and `repeat` times more, which it times.
static bool runModel(const Model &model, const Feeds &feeds, uint32_t repeat, Outputs &outputs,
                     std::vector<double> &milliseconds, Problems &problems) {
  const auto numInputs = static_cast<uint32_t>(feeds.inputs.size());
  for (uint32_t i = 0; i <= repeat; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (dlc_context_run(model.context, nullptr, feeds.inputs.data(), numInputs, outputs.data(),
                        outputs.size()) != DLC_OK) {
      problems.addLines(dlc_context_error_text(model.context));
      return false;
    }
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    if (i != 0)
      milliseconds.push_back(time.count());
  }
  return true;
}

static bool planModel(const Model &model, const Feeds &feeds, Outputs &outputs,
                      Problems &problems) {
  if (dlc_context_plan(model.context, feeds.inputs.data(),
                       static_cast<uint32_t>(feeds.inputs.size()), outputs.data(), outputs.size(),
                       nullptr) != DLC_OK)
    problems.addLines(dlc_context_error_text(model.context));
  return problems.empty();
}

static void printOutputs(const Model &model, const Outputs &outputs) {
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    dlc_tensor_info info = {};
    info.struct_size = sizeof(info);
    if (dlc_session_output(model.session, i, &info) == DLC_OK)
      fmt::print("{}\n", summaryLine(info.name, outputs.view(i)));
  }
}

int main(int argc, char **argv) {
  Options options;
  if (std::string problem = parseOptions(argc, argv, options); !problem.empty()) {
    fmt::print(stderr, "error: {}\nTry dlc-run --help.\n", problem);
    return 2;
  }
  if (options.help) {
    fmt::print("{}", helpText);
    return 0;
  }
  catchInterrupts();
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
  if (!planModel(model, feeds, outputs, problems) || !checkSinks(sinks, outputs, problems) ||
      !runModel(model, feeds, options.repeat, outputs, milliseconds, problems) ||
      !writeSinks(sinks, outputs, problems))
    return reportProblems(problems);

  if (sinks.empty())
    printOutputs(model, outputs);
  if (!milliseconds.empty())
    fmt::print("{}\n", timeLine(milliseconds));
  return 0;
}
