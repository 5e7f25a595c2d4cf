// Passes of the graph phase.
#ifndef DLC_GRAPH_PASSES_TD
#define DLC_GRAPH_PASSES_TD

include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"dlc-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "Compute the shape of every value as an expression over symbols";
  let description = [{
    Visits the ops of each function in order and gives their results the types that `inferShapes` computes; function
    types follow. Every op is visited, so that all problems of a model are reported at once.

    ```mlir
    %0 = dlc.relu %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<* x f32>
    // becomes
    %0 = dlc.relu %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    ```
  }];
  let statistics = [Statistic<"numInferred", "num-inferred", "Number of values whose shape was unknown before">];
}

#endif
