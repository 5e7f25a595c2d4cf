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
                         the 8-bit picture as values from 0 to 255)
  --input NAME=VALUES    feeds an input with comma-separated numbers: 1,1,2,2
  --output NAME=@FILE    writes an output to a file: .npy, or .png (1 x 3 x H x W or
                         1 x 1 x H x W of f32 or u8, rounded and clamped to 0 to 255). Without
                         any --output a summary of every output is printed
  --repeat N             runs N more times after the first and prints the minimum and median time
  --verify-weights       compares the hash of all weights, however large, before running
  --help                 prints this

Each input of the model is fed by one --input. Exit status: 0; 1 where an input is at fault; 2 for
a wrong command line; 130 when interrupted.
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

static std::string parseRepeat(const char *text, uint32_t &repeat) {
  constexpr uint32_t maxRepeat = 1000000;
  const char *end = text + strlen(text);
  auto [stop, error] = std::from_chars(text, end, repeat);
  if (error != std::errc() || stop != end || repeat == 0 || repeat > maxRepeat)
    return fmt::format("--repeat expects a number from 1 to {}, found '{}'", maxRepeat, text);
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
  return parseRepeat(value, options.repeat);
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
    if (argument.empty() || argument[0] != '-') {
      if (!options.model.empty())
        return fmt::format("expected one model, found '{}' and '{}'", options.model, argument);
      options.model = argument;
      continue;
    }
    // --option VALUE and --option=VALUE are the same.
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals);
    if (name != "--input" && name != "--output" && name != "--repeat")
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
