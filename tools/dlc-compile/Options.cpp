#include "Options.h"
#include "Arguments.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace dlc;

const StringLiteral dlc::helpText = R"(usage: dlc-compile MODEL.onnx [options]

Compiles an ONNX model to a shared object, which dlc-run runs.

  -o FILE                  where to write; by default the model's name with .so, here
sizes:
  --shape INPUT=DIMS       dims of an input: x=N,3,224,224; numbers fix them, names name them
  --range SYMBOL=MIN:MAX   values that a symbolic dim may have: N=1:32
  --hint SYMBOL=VALUE      its usual value, which memory is planned for: N=8
  --specialize SYMBOL=VALUES   more versions, for these values: N=1,8; a run takes what fits it
target:
  --target KIND:NAME,...   cpu:NAME, cuda:sm_NUMBER, or both: runs on a GPU where there is one
  --target-cpu NAME, --target-features +A,-B   CPU and features, in LLVM's names; default: host
  --precision fp32|tf32|fp16|bf16   what a GPU rounds operands of products to; sums are of f32
  --winograd on|off        off: 3 x 3 convolutions as direct sums. Winograd's form is faster,
                           rounds differently, and takes infinities and NaNs to neighbours
looking inside:
  --check                  writes nothing and generates no code. Says all that keeps the model from
                           compiling, and which nodes run as library ops (or beside a GPU) and why
  --reference              computes with library ops alone, slowly, as a reference
  --emit dlc|llvm|asm      writes IR before code is generated, LLVM IR or assembly instead
  --dump-phases FOLDER     writes the IR after each phase to FOLDER/NN-PHASE.mlir
  --compile-to PHASE, --compile-from PHASE   stops after a phase with its IR; goes on from there.
                           The phases: import graph fuse schedule plan codegen package
  --source FILE            where weights of such IR lie: the model, and FILE.weights beside the IR
  --print-pipeline         prints the passes of each phase, and stops
other:
  --jobs N                 threads that generate code; by default one for each CPU
  --help, --version        print this, or the version

Each problem is a line, error: model.onnx: node 'conv1' (Conv): expected ..., on standard error.
Exit status: 0; 1 where the input is at fault (with --check: the model does not compile), or the
output cannot be written; 2 for a wrong command line; 70 for a fault of dlc itself; 130 when
interrupted.
)";

namespace {
/// The command line as it was written.
struct CommandLine : Arguments {
  std::optional<std::string> output, precision, targetCpu, targetFeatures, compileFrom, compileTo,
      emit, jobs, winograd, dumpFolder;
  std::vector<std::string> sources, targets, shapes, ranges, hints, versions;
  bool printPipeline = false, listOperators = false, check = false, reference = false;
};
} // namespace

// What each is for is told by helpText, in one place and of one screen.
static constexpr OptionRow<CommandLine> optionRows[] = {
    {"o", &CommandLine::output},
    {"source", &CommandLine::sources},
    {"target", &CommandLine::targets},
    {"precision", &CommandLine::precision},
    {"target-cpu", &CommandLine::targetCpu},
    {"target-features", &CommandLine::targetFeatures},
    {"compile-from", &CommandLine::compileFrom},
    {"compile-to", &CommandLine::compileTo},
    {"emit", &CommandLine::emit},
    {"shape", &CommandLine::shapes},
    {"range", &CommandLine::ranges},
    {"hint", &CommandLine::hints},
    {"specialize", &CommandLine::versions},
    {"jobs", &CommandLine::jobs},
    {"print-pipeline", &CommandLine::printPipeline},
    {"list-operators", &CommandLine::listOperators}, // for docs/Operators.md
    {"winograd", &CommandLine::winograd},
    {"check", &CommandLine::check},
    {"reference", &CommandLine::reference},
    {"dump-phases", &CommandLine::dumpFolder},
};

/// What the functions below return is what is wrong with the command line, or nothing.
using Problem = std::string;

/// "import graph ...", up to `last`.
static std::string listPhases(Phase last) {
  std::string list;
  for (Phase phase : getPhases())
    if (phase <= last)
      list += (list.empty() ? "" : " ") + getFlag(phase).str();
  return list;
}

/// Reads the phase that `flag` names, which is at most `last`.
static Problem parsePhase(StringRef option, StringRef flag, Phase last, Phase &phase) {
  std::optional<Phase> known = symbolizePhase(flag);
  if (!known || *known > last)
    return ("unknown phase '" + flag + "' in --" + option + "; expected one of " + listPhases(last))
        .str();
  phase = *known;
  return "";
}

/// Reads --emit, --compile-to and --compile-from: where the way begins and ends.
static Problem parsePhases(const CommandLine &line, ToolOptions &options) {
  if (line.compileTo)
    if (Problem problem = parsePhase("compile-to", *line.compileTo, Phase::Package, options.to);
        !problem.empty())
      return problem;
  auto emit = StringSwitch<std::optional<Emit>>(line.emit.value_or("so"))
                  .Case("dlc", Emit::dlc)
                  .Case("llvm", Emit::llvm)
                  .Case("asm", Emit::assembly)
                  .Case("so", Emit::artifact)
                  .Default(std::nullopt);
  if (!emit)
    return "unknown kind '" + *line.emit + "' in --emit; expected one of dlc llvm asm so";
  if (line.emit && line.compileTo)
    return "--emit and --compile-to exclude each other";
  options.emit = *emit;
  if (options.emit != Emit::artifact)
    options.to = options.emit == Emit::dlc ? Phase::Plan : Phase::Codegen;
  options.fromIR = line.compileFrom.has_value();
  if (options.fromIR)
    if (Problem problem =
            parsePhase("compile-from", *line.compileFrom, Phase::Codegen, options.from);
        !problem.empty())
      return problem;
  if (options.from > options.to)
    return "--compile-from=" + *line.compileFrom +
           " is behind --compile-to=" + getFlag(options.to).str();
  return "";
}

/// Reads --target: the CPU and the GPUs that it names.
static Problem parseTargets(const CommandLine &line, ToolOptions &options) {
  bool hasCpu = false;
  options.targetCpu = line.targetCpu.value_or("host");
  options.targetFeatures = line.targetFeatures.value_or("");
  for (StringRef list : line.targets)
    for (StringRef target : split(list, ',')) {
      auto [kind, name] = target.split(':');
      const bool isCpu = kind == "cpu";
      if (!isCpu && (kind != "cuda" || name.empty()))
        return ("unknown target '" + target +
                "' in --target; expected cpu, cpu:<CPU> or cuda:sm_<number>, as cuda:sm_80")
            .str();
      if (isCpu && hasCpu)
        return "--target names two CPUs";
      hasCpu |= isCpu;
      if (!isCpu)
        options.targetDevices.push_back(name.str());
      else if (!name.empty())
        options.targetCpu = name.str();
    }
  options.withCpu = hasCpu && !options.targetDevices.empty();
  options.targetGiven = line.targetCpu || line.targetFeatures || !line.targets.empty();
  if (hasCpu && line.targetCpu)
    return "--target=cpu and --target-cpu exclude each other";
  std::optional<Precision> known = symbolizePrecision(line.precision.value_or("fp32"));
  if (!known || known == Precision::tf32x3) // which is of single products
    return "unknown precision '" + *line.precision +
           "' in --precision; expected one of fp32 tf32 fp16 bf16";
  options.precision = *known;
  if (options.targetDevices.empty() && line.precision)
    return "--precision is of GPUs, which --target names";
  return "";
}

/// Reads what the passes take.
static Problem parsePipeline(const CommandLine &line, PipelineOptions &pipeline) {
  append_range(pipeline.graph.shapes, line.shapes);
  append_range(pipeline.graph.ranges, line.ranges);
  append_range(pipeline.graph.hints, line.hints);
  append_range(pipeline.graph.versions, line.versions);
  pipeline.fuse.reference = line.reference;
  pipeline.schedule.winograd = line.winograd != "off";
  if (line.winograd && line.winograd != "on" && line.winograd != "off")
    return "--winograd expects on or off, found '" + *line.winograd + "'";
  return "";
}

/// What options demand of each other, and of IR that has come as far as it has.
static Problem checkTogether(const CommandLine &line, const ToolOptions &options) {
  if (line.check && (line.output || line.emit || line.compileTo))
    return "--check writes nothing; -o, --emit and --compile-to say what to write";
  const bool hasSizes =
      !(line.shapes.empty() && line.ranges.empty() && line.hints.empty() && line.versions.empty());
  if (hasSizes && options.from > Phase::Import)
    return "--shape, --range, --hint and --specialize come too late for IR whose shapes are known";
  if ((line.check || line.reference) && options.from >= Phase::Fuse)
    return "--check and --reference come too late for IR whose boxes are drawn";
  if (options.targetGiven && options.from >= Phase::Schedule)
    return "--target, --target-cpu and --target-features come too late for IR that is scheduled";
  if (options.withCpu && options.from >= Phase::Fuse)
    return "a --target of both a CPU and a GPU comes too late for IR whose boxes are drawn";
  if (options.to == Phase::Package && options.output == "-")
    return "an artifact cannot be written to standard output; name a file with -o";
  return "";
}

static std::string getDefaultOutput(const ToolOptions &options) {
  if (options.to < Phase::Package)
    return "-";
  SmallString<128> path(sys::path::filename(options.input));
  sys::path::replace_extension(path, "so");
  return path.str().str();
}

static Problem parse(const CommandLine &line, ToolOptions &options) {
  if (Problem problem = parsePipeline(line, options.pipeline); !problem.empty())
    return problem;
  options.printPipeline = line.printPipeline;
  options.listOperators = line.listOperators;
  if (line.printPipeline || line.listOperators)
    return "";
  if (!line.model)
    return "no model is given";
  options.input = *line.model;
  options.sources = line.sources;
  options.check = line.check;
  options.dumpFolder = line.dumpFolder.value_or("");
  constexpr unsigned mostJobs = 1024;
  if (line.jobs &&
      (!to_integer(*line.jobs, options.jobs, 10) || options.jobs == 0 || options.jobs > mostJobs))
    return "--jobs expects a number from 1 to " + std::to_string(mostJobs) + ", found '" +
           *line.jobs + "'";
  if (Problem problem = parsePhases(line, options); !problem.empty())
    return problem;
  options.outputGiven = line.output.has_value();
  options.output = options.outputGiven ? *line.output : getDefaultOutput(options);
  if (Problem problem = parseTargets(line, options); !problem.empty())
    return problem;
  // What does not run on a GPU that was asked for is said in any case.
  options.pipeline.fuse.explain = line.check || !options.targetDevices.empty();
  options.pipeline.schedule.explain = options.pipeline.fuse.explain;
  return checkTogether(line, options);
}

std::optional<ToolOptions> dlc::parseOptions(int argc, char **argv) {
  ToolOptions options;
  CommandLine line;
  Problem problem = readArguments(argc, argv, optionRows, line);
  options.help = line.help;
  options.version = line.version;
  if (problem.empty() && !line.help && !line.version)
    problem = parse(line, options);
  if (problem.empty())
    return options;
  errs() << getUsageLine(problem);
  return std::nullopt;
}
