#include "Options.h"

#include <charconv>
#include <cstring>
#include <fmt/format.h>

using namespace dlc::run;

const char *const dlc::run::helpText = R"(usage: dlc-run MODEL.so [options]

Runs a model that dlc-compile built.

options:
  --input NAME=@FILE     feeds an input from a file: .npy (element type and dims must fit), or
                         .png, .jpg, .jpeg (an input 1 x 3 x H x W or 1 x 1 x H x W of f32 gets
                         the 8-bit picture as values from 0 to 255: gray and colour become
                         what the input takes, alpha is dropped, 16 bits are cut to 8)
  --input NAME=VALUES    feeds an input with comma-separated numbers: 1,1,2,2
  --output NAME=@FILE    writes an output to a file: .npy, or .png (1 x 3 x H x W or
                         1 x 1 x H x W of f32 or u8, rounded and clamped to 0 to 255). Without
                         any --output a summary of every output is printed. No file may be
                         written that the run reads, or twice
  --repeat N             runs N more times after the first and prints the minimum and median time
  --threads N            computes on at most N threads. Without it, and at most, on as many as
                         the environment variable DLC_NUM_THREADS says, or else as there are
                         CPUs that dlc-run may use
  --verify-weights       compares the hash of all weights, however large, before running
  --help                 prints this

Each input of the model is fed by one --input. Exit status: 0; 1 where an input is at fault or an
output cannot be written; 2 for a wrong command line; 130 when interrupted.
)";

static std::string parseBinding(const char *option, const char *text, Binding &binding) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return fmt::format("{} expects NAME=..., found '{}'", option, text);
  binding = {std::string(text, equals), equals + 1};
  if (binding.value.empty() || binding.value == "@")
    return fmt::format("{} '{}': nothing stands behind '='", option, text);
  return "";
}

static std::string parseOutput(const char *text, Binding &binding) {
  if (std::string problem = parseBinding("--output", text, binding); !problem.empty())
    return problem;
  if (binding.value[0] != '@')
    return fmt::format("--output expects NAME=@FILE, found '{}'", text);
  binding.value.erase(0, 1);
  return "";
}

static std::string parseNumber(const std::string &option, const char *text, uint32_t most,
                               uint32_t &number) {
  const char *end = text + strlen(text);
  auto [stop, error] = std::from_chars(text, end, number);
  if (error != std::errc() || stop != end || number == 0 || number > most)
    return fmt::format("{} expects a number from 1 to {}, found '{}'", option, most, text);
  return "";
}

static std::string applyOption(const std::string &name, const char *value, Options &options) {
  if (name == "--input") {
    options.inputs.emplace_back();
    return parseBinding("--input", value, options.inputs.back());
  }
  if (name == "--output") {
    options.outputs.emplace_back();
    return parseOutput(value, options.outputs.back());
  }
  if (name == "--threads")
    return parseNumber(name, value, 1024, options.threads);
  return parseNumber(name, value, 1000000, options.repeat);
}

static std::string checkTwice(const char *option, const std::vector<Binding> &bindings) {
  for (size_t i = 0; i < bindings.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (bindings[i].name == bindings[j].name)
        return fmt::format("{} is given twice for '{}'", option, bindings[i].name);
  return "";
}

std::string dlc::run::parseOptions(int argc, const char *const *argv, Options &options) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      options.help = true;
      return "";
    }
    if (argument == "--verify-weights") {
      options.verifyWeights = true;
      continue;
    }
    if (argument.empty())
      return "an empty argument is no model";
    if (argument[0] != '-') {
      if (!options.model.empty())
        return fmt::format("expected one model, found '{}' and '{}'", options.model, argument);
      options.model = argument;
      continue;
    }
    // --option VALUE and --option=VALUE are the same.
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    if (name != "--input" && name != "--output" && name != "--repeat" && name != "--threads")
      return fmt::format("unknown option '{}'", argument);
    if (equals == std::string::npos && i + 1 == argc)
      return fmt::format("{} expects a value", name);
    const char *value = equals == std::string::npos ? argv[++i] : argv[i] + equals + 1;
    if (std::string problem = applyOption(name, value, options); !problem.empty())
      return problem;
  }
  if (options.model.empty())
    return "no model is given";
  if (std::string problem = checkTwice("--input", options.inputs); !problem.empty())
    return problem;
  return checkTwice("--output", options.outputs);
}
