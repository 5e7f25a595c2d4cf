// Passes of the graph phase.
#ifndef DLC_GRAPH_PASSES_TD
#define DLC_GRAPH_PASSES_TD

include "mlir/Pass/PassBase.td"

def InlineFunctions : Pass<"dlc-inline-functions", "::mlir::ModuleOp"> {
  let summary = "Put the bodies of functions in the place of their calls";
  let description = [{
    Afterwards no calls and no private functions are left.

    ```mlir
    func.func private @twice(%t: !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32> {
      %0 = dlc.add %t, %t : (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
      return %0 : !dlc.tensor<* x f32>
    }
    %1 = call @twice(%x) : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
    // becomes
    %1 = dlc.add %x, %x : (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
    ```
  }];
  let statistics = [Statistic<"numInlined", "num-inlined", "Number of calls">];
}

def SpecializeShapes : Pass<"dlc-specialize-shapes", "::mlir::ModuleOp"> {
  let summary = "Give dims of the inputs the values, names and ranges that a user declares";
  let description = [{
    A dim with a name becomes a number or gets another name, everywhere; dims of one name are equal. A dim that the model
    says must be given as it is. Ranges reach the artifact, and a run outside of them is refused.

    ```mlir
    // --dlc-specialize-shapes='shapes={{x=1,H,W}} ranges=H=1:1024'
    func.func @main(%x: !dlc.tensor<N x A x B x f32> {dlc.name = "x"})
    // becomes
    func.func @main(%x: !dlc.tensor<1 x H x W x f32> {dlc.name = "x"})
    ```
  }];
  let options = [
    ListOption<"shapes", "shapes", "std::string", "Shapes of inputs, each NAME=DIM,DIM,...">,
    ListOption<"ranges", "ranges", "std::string", "Ranges of symbols, each SYMBOL=MIN:MAX">];
}

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

def FoldBatchNorm : Pass<"dlc-fold-batch-norm", "::mlir::ModuleOp"> {
  let summary = "Fold batch normalizations into the convolutions before them";
  let description = [{
    Filter and bias of the convolution get recipe steps; nothing is computed here. A normalization that follows no
    convolution, or one whose result is used elsewhere too, becomes a product and a sum.

    ```mlir
    %0 = dlc.conv %x, %filter ...
    %1 = dlc.batch_norm %0, %scale, %shift, %mean, %variance epsilon 1.0e-05 : ...
    // becomes, with factors scale / sqrt(variance + epsilon)
    %1 = dlc.conv %x, %filter_times_factors, %shift_minus_mean_times_factors ...
    ```
  }];
  let statistics = [Statistic<"numFolded", "num-folded", "Number of normalizations folded into a convolution">];
}

#endif
