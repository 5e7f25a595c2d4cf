#include "Options.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace dlc;

// What each is for is told by helpText, in one place and of one screen.
static cl::opt<std::string> input(cl::Positional);
static cl::opt<std::string> output("o");
static cl::list<std::string> sources("source");
static cl::list<std::string> targets("target", cl::CommaSeparated);
static cl::opt<std::string> precision("precision", cl::init("fp32"));
static cl::opt<std::string> targetCpu("target-cpu", cl::init("host"));
static cl::opt<std::string> targetFeatures("target-features");
static cl::opt<std::string> compileFrom("compile-from");
static cl::opt<std::string> compileTo("compile-to", cl::init("package"));
static cl::opt<std::string> emit("emit", cl::init("so"));
static cl::list<std::string> shapes("shape");
static cl::list<std::string> ranges("range");
static cl::list<std::string> hints("hint");
static cl::list<std::string> specialize("specialize");
static cl::opt<unsigned> jobs("jobs");
static cl::opt<bool> printPipelineFlag("print-pipeline");
static cl::opt<bool> listOperators("list-operators"); // for docs/Operators.md
enum class Switch { on, off };
static cl::opt<Switch> winograd("winograd", cl::init(Switch::on),
                                cl::values(clEnumValN(Switch::on, "on", ""),
                                           clEnumValN(Switch::off, "off", "")));
static cl::opt<bool> check("check");
static cl::opt<bool> reference("reference");
static cl::opt<std::string> dumpPhases("dump-phases");

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
  --version, --help

Each problem is a line, error: model.onnx: node 'conv1' (Conv): expected ..., on standard error.
Exit status: 0; 1 where the input is at fault (with --check: the model does not compile), or the
output cannot be written; 2 for a wrong command line; 70 for a fault of dlc itself; 130 when
interrupted.
)";

/// "import graph ...", up to `last`.
static std::string listPhases(Phase last) {
  std::string list;
  for (Phase phase : getPhases())
    if (phase <= last)
      list += (list.empty() ? "" : " ") + getFlag(phase).str();
  return list;
}

/// The phase that `flag` names, where it is at most `last`.
static std::optional<Phase> parsePhase(StringRef option, StringRef flag, Phase last) {
  std::optional<Phase> phase = symbolizePhase(flag);
  if (phase && *phase <= last)
    return phase;
  errs() << "error: unknown phase '" << flag << "' in --" << option << "; expected one of "
         << listPhases(last) << '\n';
  return std::nullopt;
}

static std::optional<Emit> parseEmit(StringRef name) {
  auto emit = StringSwitch<std::optional<Emit>>(name)
                  .Case("dlc", Emit::dlc)
                  .Case("llvm", Emit::llvm)
                  .Case("asm", Emit::assembly)
                  .Case("so", Emit::artifact)
                  .Default(std::nullopt);
  if (!emit)
    errs() << "error: unknown kind '" << name << "' in --emit; expected one of dlc llvm asm so\n";
  return emit;
}

/// Reads --target: the CPU and the GPU that it names.
static bool parseTargets(ToolOptions &options) {
  bool hasCpu = false;
  for (StringRef target : targets) {
    auto [kind, name] = target.split(':');
    bool isCpu = kind == "cpu", isKnown = isCpu || (kind == "cuda" && !name.empty());
    if (!isKnown) {
      errs() << "error: unknown target '" << target
             << "' in --target; expected cpu, cpu:<CPU> or cuda:sm_<number>, as cuda:sm_80\n";
      return false;
    }
    if (isCpu && hasCpu) {
      errs() << "error: --target names two CPUs\n";
      return false;
    }
    hasCpu |= isCpu;
    if (!isCpu)
      options.targetDevices.push_back(name.str());
    else if (!name.empty())
      options.targetCpu = name.str();
  }
  std::optional<Precision> known = symbolizePrecision(precision);
  if (!known) {
    errs() << "error: unknown precision '" << precision
           << "' in --precision; expected one of fp32 tf32 fp16 bf16\n";
    return false;
  }
  options.precision = *known;
  if (options.targetDevices.empty() && precision.getNumOccurrences() != 0) {
    errs() << "error: --precision is of GPUs, which --target names\n";
    return false;
  }
  options.withCpu = hasCpu && !options.targetDevices.empty();
  if (hasCpu && targetCpu.getNumOccurrences() != 0) {
    errs() << "error: --target=cpu and --target-cpu exclude each other\n";
    return false;
  }
  return true;
}

static std::string getDefaultOutput(const ToolOptions &options) {
  if (options.to < Phase::Package)
    return "-";
  SmallString<128> path(sys::path::filename(input));
  sys::path::replace_extension(path, "so");
  return path.str().str();
}

std::optional<ToolOptions> dlc::parseOptions(int argc, char **argv) {
  cl::SetVersionPrinter([](raw_ostream &os) { os << "dlc " DLC_VERSION "\n"; });
  ToolOptions options;
  auto isHelp = [](StringRef argument) { return argument == "--help" || argument == "-help"; };
  options.help = any_of(ArrayRef(argv, argc), isHelp);
  if (options.help)
    return options;
  cl::HideUnrelatedOptions(ArrayRef<const cl::OptionCategory *>()); // LLVM's, in a help of its own
  std::string text;
  raw_string_ostream os(text);
  if (!cl::ParseCommandLineOptions(argc, argv, "", &os)) {
    errs() << "error: " << StringRef(text).trim() << '\n';
    return std::nullopt;
  }
  std::optional<Phase> to = parsePhase("compile-to", compileTo, Phase::Package);
  if (!to)
    return std::nullopt;
  options.to = *to;
  llvm::append_range(options.pipeline.graph.shapes, shapes);
  llvm::append_range(options.pipeline.graph.ranges, ranges);
  llvm::append_range(options.pipeline.graph.hints, hints);
  llvm::append_range(options.pipeline.graph.versions, specialize);
  options.pipeline.fuse.reference = reference;
  options.pipeline.schedule.winograd = winograd == Switch::on;
  options.printPipeline = printPipelineFlag;
  options.listOperators = listOperators;
  if (options.printPipeline || options.listOperators)
    return options;
  if (input.empty()) {
    errs() << "error: expected a model; see --help\n";
    return std::nullopt;
  }
  std::optional<Emit> kind = parseEmit(emit);
  if (!kind)
    return std::nullopt;
  options.emit = *kind;
  if (emit.getNumOccurrences() != 0 && compileTo.getNumOccurrences() != 0) {
    errs() << "error: --emit and --compile-to exclude each other\n";
    return std::nullopt;
  }
  options.check = check;
  if (check && (output.getNumOccurrences() != 0 || emit.getNumOccurrences() != 0 ||
                compileTo.getNumOccurrences() != 0)) {
    errs() << "error: --check writes nothing; -o, --emit and --compile-to say what to write\n";
    return std::nullopt;
  }
  if (options.emit != Emit::artifact)
    options.to = options.emit == Emit::dlc ? Phase::Plan : Phase::Codegen;
  options.fromIR = compileFrom.getNumOccurrences() != 0;
  if (options.fromIR) {
    std::optional<Phase> from = parsePhase("compile-from", compileFrom, Phase::Codegen);
    if (!from)
      return std::nullopt;
    options.from = *from;
  }
  if (options.from > Phase::Import &&
      !(shapes.empty() && ranges.empty() && hints.empty() && specialize.empty())) {
    errs() << "error: --shape, --range, --hint and --specialize come too late for IR whose shapes "
              "are known\n";
    return std::nullopt;
  }
  if (options.from >= Phase::Fuse && (check || reference)) {
    errs() << "error: --check and --reference come too late for IR whose boxes are drawn\n";
    return std::nullopt;
  }
  if (options.from > options.to) {
    errs() << "error: --compile-from=" << compileFrom
           << " is behind --compile-to=" << getFlag(options.to) << '\n';
    return std::nullopt;
  }
  options.input = input;
  options.output = output.empty() ? getDefaultOutput(options) : output;
  options.sources = sources;
  options.targetCpu = targetCpu;
  if (!parseTargets(options))
    return std::nullopt;
  // What does not run on a GPU that was asked for is said in any case.
  options.pipeline.fuse.explain = check || !options.targetDevices.empty();
  options.pipeline.schedule.explain = options.pipeline.fuse.explain;
  options.targetGiven = targetCpu.getNumOccurrences() != 0 ||
                        targetFeatures.getNumOccurrences() != 0 || !targets.empty();
  if (options.targetGiven && options.fromIR && options.from >= Phase::Schedule) {
    errs() << "error: --target, --target-cpu and --target-features come too late for IR that is "
              "scheduled\n";
    return std::nullopt;
  }
  if (options.withCpu && options.fromIR && options.from >= Phase::Fuse) {
    errs() << "error: a --target of both a CPU and a GPU comes too late for IR whose boxes are "
              "drawn\n";
    return std::nullopt;
  }
  options.targetFeatures = targetFeatures;
  options.dumpFolder = dumpPhases;
  options.jobs = jobs;
  if (options.to == Phase::Package && options.output == "-") {
    errs() << "error: an artifact cannot be written to standard output; name a file with -o\n";
    return std::nullopt;
  }
  return options;
}
