// The command line of dlc-run.
#ifndef DLC_RUN_OPTIONS_H
#define DLC_RUN_OPTIONS_H

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::run {

/// NAME=VALUE of --input, NAME=@FILE of --output (the value without its @).
struct Binding {
  std::string name;
  std::string value;
};

struct Options {
  std::string model;
  std::vector<Binding> inputs;
  std::vector<Binding> outputs;
  uint32_t repeat = 0;  // timed runs after the first; 0: none
  uint32_t threads = 0; // that may compute a run; 0: as many as the runtime has
  bool verifyWeights = false;
  bool help = false;
};

extern const char *const helpText;

/// Reads the command line. Returns what is wrong with it, or an empty string.
std::string parseOptions(int argc, const char *const *argv, Options &options);

} // namespace dlc::run

#endif
