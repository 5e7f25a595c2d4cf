// Passes of the fuse phase.
#ifndef DLC_FUSE_PASSES_TD
#define DLC_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def AddCpuPrograms : Pass<"dlc-add-cpu-programs", "::mlir::ModuleOp"> {
  let summary = "Copy the program for runs on the CPU alone";
  let description = [{
    In a module with a device whose artifact shall run without it too (`dlc.with_cpu`), `main` and its versions for some
    sizes get copies that the phases behind this one compile for the CPU.

    ```mlir
    func.func @main(%x: !dlc.tensor<N x f32>) ...
    // becomes
    func.func @main_cpu(%x: !dlc.tensor<N x f32>) ... attributes {dlc.on_cpu, dlc.when = {}}
    func.func @main(%x: !dlc.tensor<N x f32>) ...
    ```
  }];
}

def ExpandAttention : Pass<"dlc-expand-attention", "::mlir::ModuleOp"> {
  let summary = "Make attention that no kernel takes whole matrix products around a softmax";
  let description = [{
    Queries are scaled before the product. Heads that share keys are dims of a product that broadcasts. A query that its
    mask lets attend to nothing gets zeros, but with `nan_blocked`.

    ```mlir
    %0 = dlc.attention %q, %k, %v scale 5.000000e-01 : ...
    // becomes, for large heads
    %0 = dlc.mul %q, %half : ...
    %1 = dlc.matmul %0, %k transpose_rhs : ...
    %2 = dlc.softmax %1 axis -1 : ...
    %3 = dlc.matmul %2, %v : ...
    ```
  }];
}

def Fuse : Pass<"dlc-fuse", "::mlir::ModuleOp"> {
  let summary = "Draw a box around each group of ops that runs as one kernel";
  let description = [{
    A rule names an anchor and the ops that may follow it in its box: up to 16 of its dims, the last of which alone is
    read outside. Besides values of the box they read scalars and values like the anchor's result. On a CPU a convolution
    takes what makes its channels pixels (a view, a transposition and a view, rule `conv-shuffle`), and more such ops
    behind, where the channels of a pixel fill vectors. There it also takes what shows it the planes of a volume that a
    window holds side by side (views, a pad, slices and a concatenation, rule `windows-conv`): they are read where they
    lie. Channels may become pixels of several planes, too. What
    computes the rows of a normalization or softmax along the last dim, elementwise ops and lookups in tables that rule
    `elementwise` would draw a box around, joins its box (rules `elementwise-norm` and `elementwise-softmax`), which then
    has two results where others read them as well. Rule
    `elementwise` draws one box around up to 16 elementwise ops and ops that move elements, the last of which alone is
    read outside, as long as nothing is computed more often there. Ops that no rule takes get a box of their own; those
    that no emitter takes become library calls, and so do ops on small tensors that symbols are bound from, which can then
    run before any kernel. Constants stay outside, but for scalars and the scales of a resize, which become part of the
    kernel. Slices whose elements lie side by side stay outside too, and concatenations along the first dim that is not 1,
    if something else than such ops computes an operand: both are places in memory.

    ```mlir
    %0 = dlc.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : ...
    %1 = dlc.relu %0 : ...
    // becomes
    %1 = dlc.kernel anchor (%x, %w) : ... {
    ^bb0(%arg0: ..., %arg1: ...):
      %2 = dlc.conv %arg0, %arg1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : ...
      %3 = dlc.relu %2 : ...
      dlc.yield %3 : ...
    }
    ```
  }];
  let options = [ListOption<"rules", "rules", "std::string", "Names of the rules to apply; all where empty">,
                 Option<"reference", "reference", "bool", "false", "Make every op a library call: the reference that kernels are compared with">,
                 Option<"explain", "explain", "bool", "false", "Say in a remark which ops run as library ops, and why">];
}

#endif
