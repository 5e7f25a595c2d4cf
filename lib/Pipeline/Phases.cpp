// The table of phases, and the loop that walks it: begin, build, verify, dump, stop.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Program.h"
#include "dlc/Pipeline/Pipeline.h"
#include "dlc/Plan/Passes.h"
#include "dlc/Schedule/Passes.h"
#include "dlc/Support/ScratchFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dlc;

static constexpr Phase phases[] = {
#define DLC_PHASE(Name, flag, function, summary) Phase::Name,
#include "dlc/Pipeline/Phases.def"
};

ArrayRef<Phase> dlc::getPhases() { return phases; }

StringRef dlc::getFlag(Phase phase) {
  static constexpr StringLiteral flags[] = {
#define DLC_PHASE(Name, flag, function, summary) flag,
#include "dlc/Pipeline/Phases.def"
  };
  return flags[static_cast<size_t>(phase)];
}

std::optional<Phase> dlc::symbolizePhase(StringRef flag) {
  for (Phase phase : phases)
    if (getFlag(phase) == flag)
      return phase;
  return std::nullopt;
}

void dlc::buildPhase(OpPassManager &pm, Phase phase, const PipelineOptions &options) {
  switch (phase) {
  case Phase::Graph:
    return buildGraphPipeline(pm, options.graph);
  case Phase::Fuse:
    return buildFusePipeline(pm, options.fuse);
  case Phase::Schedule:
    return buildSchedulePipeline(pm, options.schedule);
  case Phase::Plan:
    return buildPlanPipeline(pm);
  case Phase::Codegen:
    return buildCodegenPipeline(pm);
  default:
    llvm_unreachable("not a phase on IR");
  }
}

std::string dlc::printPipeline(const PipelineOptions &options) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (Phase phase : phases) {
    if (phase < Phase::Graph || phase > Phase::Codegen)
      continue;
    OpPassManager pm(ModuleOp::getOperationName());
    buildPhase(pm, phase, options);
    os << getFlag(phase) << ": ";
    pm.printAsTextualPipeline(os);
    os << '\n';
  }
  return text;
}

std::string dlc::printWithLocations(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, OpPrintingFlags().enableDebugInfo());
  return text;
}

std::string dlc::getSideFilePath(StringRef path) { return (path + ".weights").str(); }

LogicalResult dlc::writeSideFile(ModuleOp module, StringRef path) {
  FailureOr<SmallVector<SourceAttr>> sources = getSources(module);
  if (failed(sources))
    return failure();
  const SourceFiles &files = module.getContext()->getLoadedDialect<DlcDialect>()->getSourceFiles();
  for (size_t index = 0; index < files.size(); ++index) {
    const SourceFiles::File &file = files[index];
    auto isFile = [&](SourceAttr source) { return source.getHash() == file.hash; };
    if (!file.path.empty() || llvm::none_of(*sources, isFile))
      continue;
    if (llvm::Error error = writeTextFile(getSideFilePath(path), file.contents->getBuffer()))
      return module.emitError(toString(std::move(error)));
  }
  return success();
}

/// Writes NN-phase.mlir, with locations, so that --compile-from can go on from it.
static LogicalResult dump(ModuleOp module, Phase phase, StringRef folder) {
  if (folder.empty())
    return success();
  if (std::error_code error = llvm::sys::fs::create_directories(folder))
    return module.emitError("cannot make folder '") << folder << "': " << error.message();
  SmallString<128> path(folder);
  llvm::sys::path::append(
      path, llvm::formatv("{0:d2}-{1}.mlir", static_cast<int>(phase), getFlag(phase)).str());
  if (llvm::Error error = writeTextFile(path, printWithLocations(module)))
    return module.emitError(toString(std::move(error)));
  return phase == Phase::Graph ? writeSideFile(module, path) : success();
}

CompileResult dlc::runPhases(ModuleOp module, const CompileOptions &options) {
  for (Phase phase : phases) {
    if (phase < options.from || phase > options.to || phase > Phase::Codegen)
      continue;
    if (phase != options.from) {
      if (options.onPhase)
        options.onPhase(phase);
      PassManager pm(module.getContext(), ModuleOp::getOperationName());
      buildPhase(pm, phase, options.pipeline);
      // Fuse draws no box that cannot be scheduled and emitted: what fails there is not the model.
      bool takesAll = phase == Phase::Schedule || phase == Phase::Codegen;
      if (failed(pm.run(module)))
        return takesAll ? CompileResult::internalError : CompileResult::rejected;
    }
    if (failed(verifyPhase(module, phase)))
      return phase == options.from ? CompileResult::rejected : CompileResult::internalError;
    if (failed(dump(module, phase, options.dumpFolder)))
      return CompileResult::rejected;
  }
  return CompileResult::ok;
}
