// Says what an artifact holds: reads its note and manifest. Its code runs only to plan a run at
// given inputs.
#include "Plan.h"

#include "Report.h"
#include "Session.h"
#include "Terminal.h"

#include <cstdio>

using namespace dlc;
using namespace dlc::inspect;

namespace {
const char *const helpText = R"(usage: dlc-inspect MODEL.so [options]

Says what is in a model that dlc-compile built. Without inputs none of its code runs.

inputs, written as for dlc-run; with any of these, or --plan where all sizes are fixed, the
artifact is loaded, which equals running a program, and says what memory a run takes:
  --dim NAME=SIZE       the size of an open dim: N=4
  --input NAME=VALUES   elements of an input, which some sizes depend on; or NAME=@FILE, @FILE.npz
  --threads N           the threads that would compute: each has memory of its own
  --plan                plan the run, without more inputs
  --device cpu|cuda     where it would run; cuda where the model has code for it, no GPU is needed
output:
  --json   one object, of these keys:
             model, compiler, target, features   strings, and the CPU features as a list
             images     target and form (ptx or cubin) of code for GPUs
             sections   bytes of the whole file, and of code, manifest and weights in it
             inputs, outputs   name, kind (tensor, sequence, optional), dtype of the elements
                               (null: any), dims (as texts: "3", "N", "3*H"; null: of any rank)
             symbols    name, class: "shape" (a dim of an input, with min, max, and hint or null),
                        "entry" (computed before the first kernel), "late" (found by the run)
             versions   when: "N = 1", and the last of each machine, "", for all other sizes;
                        on: the machine, "cpu" or "cuda"
             arenas     version, on, memory ("host", "device"), size in bytes as a text, and slots:
                        place (null where it depends on symbols: behind the slot before, at a
                        multiple of 64), size as a text, and the number of values that have it
             kernels    name, nodes: the ONNX nodes that it computes; on; schedule: how; precision:
                        what the operands of products are rounded to, fp32 where they are not
             library_ops   names of the library ops that it calls
             sites      kind, nodes, text: "call" with the op's name, "guard" with what it demands,
                        "match" and "tensor" with the type of a value that the run finds or makes
             plan       where inputs are given: symbols (their values), version, on, workspace,
                        threads, device_workspace (bytes), outputs (dims null that the run finds)
  --help, --version   print this, or the version

Exit status: 0; 1 where the file or an input is at fault (damaged, or for a CPU unlike this one)
or the output cannot be written; 2 for a wrong command line.
)";

/// Inputs are dlc-run's.
struct CommandLine : run::CommandLine {
  bool json = false, plan = false;
};

constexpr OptionRow<CommandLine> optionRows[] = {
    {"json", &CommandLine::json},       {"plan", &CommandLine::plan},
    {"dim", &CommandLine::dims},        {"input", &CommandLine::inputs},
    {"threads", &CommandLine::threads}, {"device", &CommandLine::device},
};

/// Reads the command line; what is wrong with it, or an empty string.
std::string parse(int argc, const char *const *argv, CommandLine &line, run::Options &options) {
  std::string problem = readArguments(argc, argv, optionRows, line);
  if (!problem.empty() || line.help || line.version)
    return problem;
  line.plan |= !line.dims.empty() || !line.inputs.empty() || line.threads || line.device;
  line.seed = "0"; // --dim is of inputs without --input
  options.planOnly = true;
  return readOptions(line, options);
}

int inspectFile(const CommandLine &line, run::Options options) {
  const char *path = options.model.c_str();
  runtime::MappedFile file;
  runtime::ElfFile elf;
  runtime::ErrorText error;
  Artifact artifact;
  run::Problems problems;
  if (file.open(path, error) != DLC_OK ||
      checkArtifact(file.bytes(), DLC_VERIFY_SMALL, artifact.parts, error) != DLC_OK ||
      artifact.manifest.load(artifact.parts.manifest, error) != DLC_OK ||
      checkDevice(options.device, artifact.manifest, error) != DLC_OK) {
    problems.add("{}: {}", path, error.text());
    return run::reportProblems(problems);
  }
  artifact.size = file.bytes().size();
  if (elf.open(file.bytes()) == nullptr)
    artifact.codeSize = elf.codeSize();
  if (options.device != DLC_DEVICE_CPU)
    options.device = DLC_DEVICE_NONE; // the code for a device plans without one
  options.ordinal = 0;
  if (line.plan && !(artifact.plan = planAt(options, problems)))
    return run::reportProblems(problems);
  return run::printText(line.json ? toJson(artifact) : toText(artifact));
}
} // namespace

int main(int argc, char **argv) {
  CommandLine line;
  run::Options options;
  if (std::string problem = parse(argc, argv, line, options); !problem.empty())
    return run::reportUsage(problem);
  if (line.help || line.version)
    return run::printText(line.help ? helpText : versionText);
  return inspectFile(line, options);
}
