#include "Options.h"

#include "ReadNumber.h"
#include "dlc/dlc.h"

#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <string_view>

using namespace dlc;
using namespace dlc::run;

const char *const dlc::run::helpText = R"(usage: dlc-run MODEL.so [options]

Runs a model that dlc-compile built.

inputs:
  --input NAME=@FILE    from a file: .npy, .pb (an onnx.TensorProto), .png, .jpg, .jpeg. A picture
                        feeds f32 1 x 3 x H x W or 1 x 1 x H x W with values from 0 to 255: gray
                        and colour become what the input takes, alpha is dropped
  --input @FILE.npz     each array feeds the input of its name
  --input NAME=VALUES   comma-separated numbers: 1,1,2,2; brackets say their dims: [[1,2],[3,4]];
                        strings may be quoted, with \n, \t, \" and \\: ["one, two",three]
  --random SEED         fills the other inputs: floats from -1 to 1, integers from 0 to 9. The same
                        seed and dims give the same numbers on every machine
  --dim NAME=SIZE       the size of an open dim of random inputs: N=4
  --resize HxW          resizes pictures (bilinear, averaging where they shrink), then
  --mean M[,M,M]        subtracts a number from all pixels, or one from each channel's, and
  --scale S[,S,S]       multiplies them
outputs:
  --output NAME=@FILE   to a file: .npy, or .png (1 x 3 x H x W or 1 x 1 x H x W of f32 or u8,
                        rounded and clamped to 0 to 255). Never one that the run reads, or twice
  --expected NAME=@FILE compares with a .npy or .pb file (or NAME=VALUES, or @FILE.npz); without
                        --output and --expected a summary of every output is printed
  --tolerance T         the error that floats may have, relative to the largest |expected|; 1e-4
measurements:
  --bench N | --bench Ns  warms up, runs N times or for N seconds, prints the times
  --profile             prints for each kernel time, speed and ONNX nodes; over 10 runs, or --bench
  --threads N           computes on at most N threads; the environment variable DLC_NUM_THREADS,
                        or else the CPUs that dlc-run may use, are the limit in any case
other:
  --device DEVICE       where to run: cpu, cuda, or cuda:N for device N; by default where the model
                        was compiled for; of a model for both CPU and CUDA a GPU where one can be
                        used. A model that was not compiled for it is refused
  --verify-weights      compares the hash of all weights, however large, before running
  --help, --version     print this, or the version

Exit status: 0; 1 where an input is at fault, an output is not as expected or cannot be written;
2 for a wrong command line; 130 when interrupted.
)";

static bool isArchive(std::string_view text) {
  return text.size() > 5 && text.starts_with('@') && text.ends_with(".npz");
}

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

/// --input and --expected.
static std::string parseSource(const char *option, const char *text,
                               std::vector<Binding> &bindings) {
  Binding &binding = bindings.emplace_back();
  if (isArchive(text)) {
    binding.value = text;
    return "";
  }
  return parseBinding(option, text, binding);
}

static std::string parseThreads(std::string_view text, uint32_t &number) {
  constexpr uint32_t most = 1024;
  if (!readNumber(text, number) || number == 0 || number > most)
    return fmt::format("--threads expects a number from 1 to {}, found '{}'", most, text);
  return "";
}

static std::string parseSeed(const char *text, std::optional<uint64_t> &seed) {
  if (!readNumber(std::string_view(text), seed.emplace()))
    return fmt::format("--random expects a number of up to 64 bits, found '{}'", text);
  return "";
}

static std::string parseDim(const char *text, std::vector<Dim> &dims) {
  const char *equals = strrchr(text, '=');
  Dim &dim = dims.emplace_back();
  if (!equals || equals == text || !readNumber(std::string_view(equals + 1), dim.size) ||
      dim.size < 0)
    return fmt::format("--dim expects NAME=SIZE, found '{}'", text);
  dim.name.assign(text, equals);
  return "";
}

static std::string parseSize(std::string_view text, Preparation &preparation) {
  constexpr int64_t most = 32768;
  const size_t cross = text.find('x');
  auto read = [&](std::string_view part, int64_t &size) {
    return readNumber(part, size) && size >= 1 && size <= most;
  };
  if (cross == std::string_view::npos || !read(text.substr(0, cross), preparation.height) ||
      !read(text.substr(cross + 1), preparation.width))
    return fmt::format("--resize expects HxW of 1 to {} each, found '{}'", most, text);
  return "";
}

/// --mean and --scale: one number, or three.
static std::string parseChannels(const char *option, std::string_view text,
                                 std::vector<float> &numbers) {
  numbers.clear();
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    float &number = numbers.emplace_back();
    if (!readNumber(rest.substr(0, comma), number) || !std::isfinite(number))
      break;
    if (comma == std::string_view::npos && (numbers.size() == 1 || numbers.size() == 3))
      return "";
    if (comma == std::string_view::npos)
      break;
    rest.remove_prefix(comma + 1);
  }
  return fmt::format("{} expects one number or three, found '{}'", option, text);
}

static std::string parseTolerance(const char *text, double &tolerance) {
  if (!readNumber(std::string_view(text), tolerance) || !(tolerance >= 0) ||
      !std::isfinite(tolerance))
    return fmt::format("--tolerance expects a number of 0 or more, found '{}'", text);
  return "";
}

static std::string parseBench(std::string_view text, Bench &bench) {
  constexpr uint32_t maxRuns = 1000000;
  constexpr double maxSeconds = 3600;
  bench = {};
  const bool timed = text.ends_with('s');
  if (timed ? readNumber(text.substr(0, text.size() - 1), bench.seconds) && bench.seconds > 0 &&
                  bench.seconds <= maxSeconds
            : readNumber(text, bench.runs) && bench.runs != 0 && bench.runs <= maxRuns)
    return "";
  return fmt::format("--bench expects runs from 1 to {}, or seconds up to {}s, found '{}'", maxRuns,
                     maxSeconds, text);
}

/// cpu, cuda, cuda:N.
static std::string parseDevice(std::string_view text, Options &to) {
  to.device = text == "cpu" ? DLC_DEVICE_CPU : DLC_DEVICE_CUDA;
  to.ordinal = 0;
  constexpr std::string_view numbered = "cuda:";
  if (text == "cpu" || text == "cuda" ||
      (text.starts_with(numbered) && readNumber(text.substr(numbered.size()), to.ordinal)))
    return "";
  return fmt::format("--device expects cpu, cuda or cuda:N, found '{}'", text);
}

static constexpr OptionRow<CommandLine> optionRows[] = {
    {"input", &CommandLine::inputs},
    {"random", &CommandLine::seed},
    {"dim", &CommandLine::dims},
    {"resize", &CommandLine::size},
    {"mean", &CommandLine::mean},
    {"scale", &CommandLine::scale},
    {"output", &CommandLine::outputs},
    {"expected", &CommandLine::expected},
    {"tolerance", &CommandLine::tolerance},
    {"bench", &CommandLine::bench},
    {"profile", &CommandLine::profile},
    {"threads", &CommandLine::threads},
    {"device", &CommandLine::device},
    {"verify-weights", &CommandLine::verifyWeights},
};

static std::string checkTwice(const char *option, const std::vector<Binding> &bindings) {
  for (size_t i = 0; i < bindings.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (!bindings[i].name.empty() && bindings[i].name == bindings[j].name)
        return fmt::format("{} is given twice for '{}'", option, bindings[i].name);
  return "";
}

/// What options demand of each other.
static std::string checkTogether(const Options &options) {
  if (!options.dims.empty() && !options.seed)
    return "--dim is for --random";
  for (size_t i = 0; i < options.dims.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (options.dims[i].name == options.dims[j].name)
        return fmt::format("--dim is given twice for '{}'", options.dims[i].name);
  if (std::string problem = checkTwice("--input", options.inputs); !problem.empty())
    return problem;
  if (std::string problem = checkTwice("--expected", options.expected); !problem.empty())
    return problem;
  return checkTwice("--output", options.outputs);
}

std::string dlc::run::readOptions(const CommandLine &line, Options &options) {
  if (!line.model)
    return "no model is given";
  options.model = *line.model;
  options.profile = line.profile;
  options.verifyWeights = line.verifyWeights;
  std::string problem;
  // `parse` of what was given, until something is wrong.
  auto read = [&](const std::optional<std::string> &text, auto parse) {
    if (problem.empty() && text)
      problem = parse(text->c_str());
  };
  auto readAll = [&](const std::vector<std::string> &texts, auto parse) {
    for (const std::string &text : texts)
      read(text, parse);
  };
  readAll(line.inputs, [&](auto text) { return parseSource("--input", text, options.inputs); });
  readAll(line.expected,
          [&](auto text) { return parseSource("--expected", text, options.expected); });
  readAll(line.outputs,
          [&](auto text) { return parseOutput(text, options.outputs.emplace_back()); });
  readAll(line.dims, [&](auto text) { return parseDim(text, options.dims); });
  read(line.seed, [&](auto text) { return parseSeed(text, options.seed); });
  read(line.size, [&](auto text) { return parseSize(text, options.preparation); });
  read(line.mean,
       [&](auto text) { return parseChannels("--mean", text, options.preparation.mean); });
  read(line.scale,
       [&](auto text) { return parseChannels("--scale", text, options.preparation.scale); });
  read(line.tolerance, [&](auto text) { return parseTolerance(text, options.tolerance); });
  read(line.bench, [&](auto text) { return parseBench(text, options.bench); });
  read(line.threads, [&](auto text) { return parseThreads(text, options.threads); });
  read(line.device, [&](auto text) { return parseDevice(text, options); });
  if (options.profile && !options.bench.wanted())
    options.bench.runs = 10;
  return problem.empty() ? checkTogether(options) : problem;
}

std::string dlc::run::parseOptions(int argc, const char *const *argv, Options &options) {
  CommandLine line;
  std::string problem = readArguments(argc, argv, optionRows, line);
  options.help = line.help;
  options.version = line.version;
  return !problem.empty() || line.help || line.version ? problem : readOptions(line, options);
}
