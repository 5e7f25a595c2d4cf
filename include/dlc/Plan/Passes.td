// Passes of the plan phase.
#ifndef DLC_PLAN_PASSES_TD
#define DLC_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def OutlineKernels : Pass<"dlc-outline-kernels", "::mlir::ModuleOp"> {
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let summary = "Turn boxes into functions over buffers and the graph into a host program";
  let description = [{
    Each box, in whatever region, becomes a function whose body stands between `dlc.read` and `dlc.write`. `main` takes
    buffers for inputs and for outputs whose size is known before the run, and launches the functions; it returns the
    other outputs as handles. Values are written into buffers: an output's, a `dlc.alloc`, or, where a dim holds a late
    symbol, a `dlc.new_tensor`. Weights get their places in the weights section, equal ones the same.

    Slices are parts of their operand's buffer. What computes an operand of a concatenation writes into the result's
    buffer; a copy is left where it cannot: of inputs, constants, parts, and values that lie in another place already.

    The binds that only need inputs, constants, small library calls and symbols known so far bind entry symbols:
    function `entry` has a copy of all that they depend on, and the guards of main's top block that need no late symbol.
    The signature lists the symbols of both kinds.

    Branches write their planned results into buffers that stand before the `dlc.if`. Planned values that a loop carries
    live in a buffer each: it holds the init at first, and at the end of an iteration the yielded values are copied back
    as if all at once. Handles stay results, arguments and yielded values.

    ```mlir
    %1 = dlc.kernel loops (%0) schedule <...> : ... { ^bb0(%arg0: ...): ... dlc.yield %2 : ... }
    %3 = dlc.if %condition : ... { dlc.yield %1 : ... } else { dlc.yield %0 : ... }
    return %3 : ...
    // becomes
    %1 = dlc.alloc : ...
    dlc.launch @kernel_0 tasks <N> (%0, %1) : ...
    dlc.if %condition : ... { dlc.copy %1, %output : ...  dlc.yield } else { dlc.copy %0, %output : ...  dlc.yield }
    return
    ```
  }];
}

def CountReferences : Pass<"dlc-count-references", "::mlir::ModuleOp"> {
  let summary = "Make the counting of references to handles explicit";
  let description = [{
    A handle that comes into being in a block (as a result, or as a value that a loop carries) owns one reference.
    `dlc.release` gives it back behind the last use of the object or its elements in the block. A yield, a return and
    the inits of a loop take a reference over: that of the block where it is the last use, else a new one by
    `dlc.retain`. Library calls borrow.

    ```mlir
    %0 = dlc.library_call "nonzero"(%x) {} : (...) -> !dlc.value
    %1 = dlc.match %0 binds ["n"] : !dlc.value -> ...
    dlc.launch @kernel_0 tasks <n> (%1, %y) : ...
    dlc.yield %0, %outer : !dlc.value, !dlc.value
    // becomes
    ...
    %2 = dlc.retain %outer : !dlc.value
    dlc.yield %0, %2 : !dlc.value, !dlc.value
    ```
  }];
}

def PlanMemory : Pass<"dlc-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Place all buffers of the host program in one arena";
  let description = [{
    Buffers that are never alive at the same time, in whatever branches and loops they stand, share a slot where one is known to be at least as large as the other
    for all values of the symbols. Slots lie one after the other; `dlc.workspace` is the size of all of them, `dlc.slots` says what each is.

    ```mlir
    %0 = dlc.alloc : !dlc.buffer<!dlc.tensor<16*H x f32>>
    // becomes
    %0 = dlc.slot <0> : !dlc.buffer<!dlc.tensor<16*H x f32>>
    ```
  }];
}

#endif
