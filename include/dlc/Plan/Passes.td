// Passes of the plan phase.
#ifndef DLC_PLAN_PASSES_TD
#define DLC_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def OutlineKernels : Pass<"dlc-outline-kernels", "::mlir::ModuleOp"> {
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let summary = "Turn boxes into functions over buffers and the graph into a host program";
  let description = [{
    Each box becomes a function whose body stands between `dlc.read` and `dlc.write`; `main` takes buffers for inputs
    and outputs and launches them. Outputs are written where the caller wants them, other values into `dlc.alloc`.
    Weights get their places in the weights section, equal ones the same.

    ```mlir
    %1 = dlc.kernel loops (%0) schedule <...> : ... { ^bb0(%arg0: ...): ... dlc.yield %2 : ... }
    return %1 : ...
    // becomes
    dlc.launch @kernel_0 tasks <N> (%0, %output) : ...
    return
    ```
  }];
}

def PlanMemory : Pass<"dlc-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Place all buffers of the host program in one arena";
  let description = [{
    Buffers that are never alive at the same time share a slot where one is known to be at least as large as the other
    for all values of the symbols. Slots lie one after the other; `dlc.workspace` is the size of all of them.

    ```mlir
    %0 = dlc.alloc : !dlc.buffer<!dlc.tensor<16*H x f32>>
    // becomes
    %0 = dlc.slot <0> : !dlc.buffer<!dlc.tensor<16*H x f32>>
    ```
  }];
  let statistics = [Statistic<"numShared", "num-shared", "Number of buffers placed in a slot that another one had">];
}

#endif
