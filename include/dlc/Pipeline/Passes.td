// Passes that belong to no single phase.
#ifndef DLC_PIPELINE_PASSES_TD
#define DLC_PIPELINE_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyPhase : Pass<"dlc-verify-phase", "::mlir::ModuleOp"> {
  let summary = "Check that the module is what a phase promises";
  let description = [{
    Checks the last column of `Phases.def` for one phase, and of all phases that

    - every symbol in use is bound in its version of the program, and once: by a dim of an input, or by a `dlc.bind`,
      `dlc.match` or `dlc.loop` that stands before the use, or around it. Versions are for sizes that an input has and
      that its range allows. From the plan phase on the signature lists the symbols, by what binds them;
    - every weight lies in a source of the module. Up to the fuse phase no recipe packs; from the schedule phase on
      constants lie as their recipes say, the weights of convolutions, products and recurrences in panels; from the plan
      phase on each slot of the weights section is a row of its table.

    A failure is a bug of the compiler, not of the model.

    ```mlir
    // --dlc-verify-phase=phase=graph refuses
    %0 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<* x f32>
    ```
  }];
  let options = [Option<"phase", "phase", "std::string", "", "Name of the phase">];
}

#endif
