#include "Options.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace dlc;

static cl::OptionCategory category("Options of dlc-compile");

static cl::opt<std::string> input(cl::Positional, cl::desc("<model.onnx>"), cl::cat(category));
static cl::opt<std::string>
    output("o", cl::value_desc("file"),
           cl::desc("Where to write; the model's name with .so by default, standard output "
                    "where --compile-to names a phase on IR"),
           cl::cat(category));
static cl::list<std::string>
    sources("source", cl::value_desc("file"),
            cl::desc("A file that the weights of --compile-from's IR lie in, found by content"),
            cl::cat(category));
static cl::list<std::string> targets(
    "target", cl::CommaSeparated, cl::value_desc("kind:name"),
    cl::desc("What to generate code for: cpu:<CPU>, one of LLVM's names or host, and "
             "cuda:sm_<number>, GPUs; an artifact for both runs on a GPU where there is one "
             "(default: cpu:host)"),
    cl::cat(category));
static cl::opt<std::string> precision(
    "precision", cl::init("fp32"), cl::value_desc("name"),
    cl::desc("What a GPU rounds the operands of products to: fp32 (not at all), tf32, fp16 "
             "or bf16; sums are of f32 (default: fp32)"),
    cl::cat(category));
static cl::opt<std::string>
    targetCpu("target-cpu", cl::init("host"), cl::value_desc("name"),
              cl::desc("CPU to generate code for, one of LLVM's names (default: host)"),
              cl::cat(category));
static cl::opt<std::string>
    targetFeatures("target-features", cl::value_desc("+a,-b"),
                   cl::desc("CPU features to add or remove, in LLVM's names"), cl::cat(category));
static cl::opt<std::string>
    compileFrom("compile-from", cl::value_desc("phase"),
                cl::desc("The input is IR that --compile-to=<phase> wrote; go on from there"),
                cl::cat(category));
static cl::opt<std::string>
    compileTo("compile-to", cl::value_desc("phase"),
              cl::desc("Stop after this phase; without this option, after package. Constants "
                       "that were folded go to <output>.weights, a --source of --compile-from"),
              cl::init("package"), cl::cat(category));
static cl::opt<std::string>
    emit("emit", cl::value_desc("dlc|llvm|asm|so"),
         cl::desc("What to write: IR before code is generated, LLVM IR or assembly, to standard "
                  "output by default, or an artifact"),
         cl::init("so"), cl::cat(category));
static cl::list<std::string>
    shapes("shape", cl::value_desc("input=dims"),
           cl::desc("Shape of an input, such as x=N,3,224,224: numbers fix dims, names name them"),
           cl::cat(category));
static cl::list<std::string> ranges("range", cl::value_desc("symbol=min:max"),
                                    cl::desc("Values that a symbolic dim may have, such as N=1:32"),
                                    cl::cat(category));
static cl::list<std::string>
    hints("hint", cl::value_desc("symbol=value"),
          cl::desc("Usual value of a symbolic dim, such as N=8, that memory is planned for"),
          cl::cat(category));
static cl::list<std::string>
    specialize("specialize", cl::value_desc("symbol=values"),
               cl::desc("Add versions for values of a symbolic dim, such as N=1,8; a run takes the "
                        "one that fits"),
               cl::cat(category));
static cl::opt<unsigned>
    jobs("jobs", cl::value_desc("n"),
         cl::desc("Threads that generate code (default: one for each CPU); the artifact is the "
                  "same for any number"),
         cl::cat(category));
static cl::opt<bool> printPipelineFlag("print-pipeline",
                                       cl::desc("Print the passes of each phase, and stop"),
                                       cl::cat(category));
static cl::opt<bool> listOperators("list-operators", cl::Hidden,
                                   cl::desc("Print the operators of the importer, and stop"),
                                   cl::cat(category));
enum class Switch { on, off };
static cl::opt<Switch> winograd(
    "winograd", cl::init(Switch::on),
    cl::desc(
        "Convolutions by 3 x 3 filters in Winograd's form where that is faster (default: on). It "
        "rounds differently, and takes infinities and NaNs to neighbours:"),
    cl::values(clEnumValN(Switch::on, "on", ""), clEnumValN(Switch::off, "off", "")),
    cl::cat(category));
static cl::opt<bool> check("check",
                           cl::desc("Write nothing; say what keeps the model from compiling, and "
                                    "which ops run as library ops, and why (see below)"),
                           cl::cat(category));
static cl::opt<bool> reference("reference",
                               cl::desc("Compute with library ops alone, slowly: the reference "
                                        "that kernels are compared with"),
                               cl::cat(category));
static cl::opt<std::string>
    dumpPhases("dump-phases", cl::value_desc("folder"),
               cl::desc("Write the IR after each phase to <folder>/NN-phase.mlir"),
               cl::cat(category));

static constexpr StringLiteral helpTail = R"(
Messages go to standard error, one line each. Of a model that cannot be compiled they are

  error: model.onnx: node 'conv1' (Conv): expected ...

for each problem that the phase at work finds: import looks at every node, and what it takes whole
goes to the phases behind it. --check adds the opset, generates no code, and says of each node that
runs as a library op, or beside a GPU on the CPU,

  remark: model.onnx: node 'topk1' (TopK, opset 11): runs as library op 'topk': ...

A model without such nodes and without problems gets no line.

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
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter([](raw_ostream &os) { os << "dlc " DLC_VERSION "\n"; });
  std::string overview =
      "dlc-compile: ONNX models to shared objects\n\nPhases: " + listPhases(Phase::Package) + "\n";
  static cl::extrahelp more(helpTail);
  std::string text;
  raw_string_ostream os(text);
  if (!cl::ParseCommandLineOptions(argc, argv, overview, &os)) {
    errs() << "error: " << StringRef(text).trim() << '\n';
    return std::nullopt;
  }
  ToolOptions options;
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
  options.pipeline.fuse.explain = check;
  options.pipeline.schedule.explain = check;
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
