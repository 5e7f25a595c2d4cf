// The command line of dlc-run.
#ifndef DLC_RUN_OPTIONS_H
#define DLC_RUN_OPTIONS_H

#include "Arguments.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dlc::run {

/// NAME=VALUE of --input and --expected, or @FILE.npz with an empty name; NAME=@FILE of --output
/// (the value without its @).
struct Binding {
  std::string name;
  std::string value;
};

/// NAME=SIZE of --dim.
struct Dim {
  std::string name;
  int64_t size;
};

/// What pictures go through: (pixel - mean) * scale, after a resize.
struct Preparation {
  int64_t height = 0, width = 0; // 0: as the picture is
  std::vector<float> mean;       // one, or one for each channel; empty: 0
  std::vector<float> scale;      // the same; empty: 1
};

/// How often a model runs to be measured, after runs that warm up.
struct Bench {
  uint32_t runs = 0;  // 0: as many as fit into `seconds`
  double seconds = 0; // 0 with 0 runs: no measurement
  bool wanted() const { return runs != 0 || seconds != 0; }
};

struct Options {
  std::string model;
  std::vector<Binding> inputs;
  std::vector<Binding> outputs;
  std::vector<Binding> expected;
  std::vector<Dim> dims;        // of random inputs
  std::optional<uint64_t> seed; // of random inputs; without it there are none
  Preparation preparation;
  double tolerance = 1e-4; // relative to the largest |expected|
  Bench bench;
  uint32_t device = 0;   // DLC_DEVICE_
  uint32_t ordinal = 0;  // of a CUDA device
  uint32_t threads = 0;  // that may compute a run; 0: as many as the runtime has
  bool planOnly = false; // inputs that no --input feeds have dims and no data
  bool profile = false;
  bool verifyWeights = false;
  bool help = false, version = false;
};

extern const char *const helpText;

/// The command line as it was written.
struct CommandLine : Arguments {
  std::optional<std::string> seed, size, mean, scale, tolerance, bench, threads, device;
  std::vector<std::string> inputs, outputs, expected, dims;
  bool profile = false, verifyWeights = false;
};

/// What it means. Returns what is wrong with it, or an empty string.
std::string readOptions(const CommandLine &line, Options &options);

/// Both at once, for dlc-run's own options.
std::string parseOptions(int argc, const char *const *argv, Options &options);

} // namespace dlc::run

#endif
