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

struct CommandLine {
  run::Options options; // of inputs
  bool json = false, plan = false, help = false, version = false;
};

/// Reads the command line; what is wrong with it, or an empty string. Inputs are dlc-run's.
std::string parse(int argc, const char *const *argv, CommandLine &line) {
  std::vector<const char *> rest = {argv[0], "--random=0"}; // --dim is of inputs without --input
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i], name = argument.substr(0, argument.find('='));
    if (argument == "--json") {
      line.json = true;
    } else if (argument == "--plan") {
      line.plan = true;
    } else if (isHelp(argument) || isVersion(argument)) {
      (isHelp(argument) ? line.help : line.version) = true;
      return "";
    } else if (name == "--dim" || name == "--input" || name == "--threads" || name == "--device") {
      line.plan = true;
      rest.push_back(argv[i]);
      if (name == argument && i + 1 < argc)
        rest.push_back(argv[++i]);
    } else if (argument.starts_with("-") && argument.size() > 1) {
      return fmt::format("unexpected argument '{}'", argument);
    } else {
      rest.push_back(argv[i]);
    }
  }
  line.options.planOnly = true;
  return run::parseOptions(static_cast<int>(rest.size()), rest.data(), line.options);
}

int inspectFile(const CommandLine &line) {
  const char *path = line.options.model.c_str();
  runtime::MappedFile file;
  runtime::ElfFile elf;
  runtime::ErrorText error;
  Artifact artifact;
  run::Problems problems;
  run::Options options = line.options;
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
  if (std::string problem = parse(argc, argv, line); !problem.empty())
    return run::reportUsage(problem);
  if (line.help || line.version)
    return run::printText(line.help ? helpText : versionText);
  return inspectFile(line);
}
