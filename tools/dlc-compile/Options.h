// The command line of dlc-compile.
#ifndef DLC_TOOLS_COMPILE_OPTIONS_H
#define DLC_TOOLS_COMPILE_OPTIONS_H

#include "dlc/IR/Dlc.h"
#include "dlc/Pipeline/Pipeline.h"

#include <optional>
#include <string>
#include <vector>

namespace dlc {

/// What to write: IR of the last phase that still has the dialect, LLVM IR, assembly, or an
/// artifact.
enum class Emit { dlc, llvm, assembly, artifact };

struct ToolOptions {
  std::string input;
  std::string output; // "-" is standard output, for IR only
  bool outputGiven = false;
  std::vector<std::string> sources;
  std::string targetCpu, targetFeatures;
  std::vector<std::string> targetDevices; ///< GPUs
  bool withCpu = false;                   ///< beside them: the artifact runs without one too
  Precision precision = Precision::fp32;
  bool targetGiven = false; // by the user, rather than by default
  bool fromIR = false;      // the input is IR that has gone through `from`
  Phase from = Phase::Import;
  Phase to = Phase::Package;
  Emit emit = Emit::artifact;
  unsigned jobs = 0; // threads that generate code; 0: one for each CPU
  bool help = false, version = false;
  bool printPipeline = false;
  bool listOperators = false;
  bool check = false; // only say what keeps the model from compiling
  std::string dumpFolder;
  PipelineOptions pipeline;
};

/// What --help prints.
extern const llvm::StringLiteral helpText;

/// Nothing after printing what is wrong with the usage.
std::optional<ToolOptions> parseOptions(int argc, char **argv);

} // namespace dlc

#endif
