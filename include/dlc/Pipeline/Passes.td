// Passes that belong to no single phase.
#ifndef DLC_PIPELINE_PASSES_TD
#define DLC_PIPELINE_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyPhase : Pass<"dlc-verify-phase", "::mlir::ModuleOp"> {
  let summary = "Check that the module is what a phase promises";
  let description = [{
    Checks the last column of `Phases.def` for one phase, and that every symbol in use is bound: by a dim of an input, or
    by a `dlc.bind`, `dlc.match` or `dlc.loop` that stands before the use, or around it. A failure is a bug of the
    compiler, not of the model.

    ```mlir
    // --dlc-verify-phase=phase=graph refuses
    %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<* x f32>
    ```
  }];
  let options = [Option<"phase", "phase", "std::string", "", "Name of the phase">];
}

#endif
