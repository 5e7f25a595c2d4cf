// The compiler as a walk over the phases.
#ifndef DLC_PIPELINE_PIPELINE_H
#define DLC_PIPELINE_PIPELINE_H

#include "dlc/Codegen/Codegen.h"
#include "dlc/Fuse/Passes.h"
#include "dlc/Graph/Passes.h"
#include "dlc/Schedule/Passes.h"
#include "dlc/Support/SourceFiles.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <functional>
#include <optional>
#include <string>

namespace dlc {

enum class Phase {
#define DLC_PHASE(Name, flag, function, summary) Name,
#include "dlc/Pipeline/Phases.def"
};

/// All phases in order.
llvm::ArrayRef<Phase> getPhases();
llvm::StringRef getFlag(Phase phase);
std::optional<Phase> symbolizePhase(llvm::StringRef flag);

struct PipelineOptions {
  SpecializeShapesOptions graph;
  FuseOptions fuse;
  ChooseSchedulesOptions schedule;
};

/// Appends the passes of a phase on IR (Graph to Codegen).
void buildPhase(mlir::OpPassManager &pm, Phase phase, const PipelineOptions &options);

/// The passes of all phases on IR, in the textual form that dlc-opt's --pass-pipeline reads, a line
/// for each phase.
std::string printPipeline(const PipelineOptions &options);

/// Checks what holds after `phase`; emits errors and fails where it does not.
llvm::LogicalResult verifyPhase(mlir::ModuleOp module, Phase phase);

struct CompileOptions {
  PipelineOptions pipeline;
  /// The phase that `module` has gone through.
  Phase from = Phase::Import;
  /// The last phase to run. Package, which is none on IR, is left to buildArtifact.
  Phase to = Phase::Codegen;
  /// Where to write NN-phase.mlir after each phase, and the side file after the graph phase;
  /// nowhere where empty.
  std::string dumpFolder;
  /// Is told of each phase before it begins; may be empty.
  std::function<void(Phase)> onPhase;
};

/// IR as text that --compile-from reads again, with the nodes that ops come from.
std::string printWithLocations(mlir::ModuleOp module);

/// Writes the data of constants that were folded, where the module has any, to the side file of IR
/// at `path`, which has the same name and ".weights". --compile-from takes it as a --source.
llvm::LogicalResult writeSideFile(mlir::ModuleOp module, llvm::StringRef path);
/// The name of the side file of IR at `path`.
std::string getSideFilePath(llvm::StringRef path);

enum class CompileResult { ok, rejected, internalError };

/// Runs the phases on IR after `from` up to `to`. `rejected` comes with located errors about the
/// model, `internalError` with ones about the compiler.
CompileResult runPhases(mlir::ModuleOp module, const CompileOptions &options);

/// Machine code and package: writes the artifact of a module after the codegen phase. `jobs`
/// threads generate code (0: one for each CPU), which changes no byte.
llvm::LogicalResult buildArtifact(mlir::ModuleOp module, const SourceFiles &sources,
                                  llvm::StringRef outputPath, unsigned jobs = 0);

/// What `buildArtifact` would refuse of such a module, without generating code or writing: errors
/// for all of it.
llvm::LogicalResult checkPackage(mlir::ModuleOp module, const SourceFiles &sources);

/// Everything that IR of any phase may hold.
void registerDialects(mlir::DialectRegistry &registry);
/// Passes, and pipelines `--dlc-<phase>-pipeline`, for dlc-opt.
void registerPasses();

} // namespace dlc

#endif
