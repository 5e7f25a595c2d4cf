// Ops of the host program: handles, binders of symbols, guards, library calls, control flow.
#ifndef DLC_IR_HOSTOPS_TD
#define DLC_IR_HOSTOPS_TD

//===-- Handles -------------------------------------------------------------------------------------------------------===//

def Dlc_AbsentOp : Dlc_Op<"absent", [Pure]> {
  let summary = "an operand that is left out";
  let description = [{
    Stands in the place of an optional operand of a library call, which sees a null pointer.

    Example:
    ```mlir
    %0 = dlc.absent : !dlc.value
    ```
  }];
  let results = (outs Dlc_Handle:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Dlc_MatchOp : Dlc_Op<"match"> {
  let summary = "the tensor in a handle, as a planned value";
  let description = [{
    Checks element type, rank and known dims at run time, and binds the symbols that `binds` names, each of which is a
    dim of the result. A dim that is a negative or other size than the type says ends the run with an error that names
    the node. A result of unknown shape (`* x f32`) occurs up to the graph phase alone. With `single` the result is a
    scalar, and the tensor may have any rank as long as it holds one element.

    Constraints:
    - C1: every symbol of `binds` is a dim of the result by itself

    Example:
    ```mlir
    %1 = dlc.match %0 binds ["n"] : !dlc.value -> !dlc.tensor<2 x n x i64>
    ```
  }];
  let arguments = (ins Dlc_Handle:$handle, StrArrayAttr:$binds, UnitAttr:$single);
  let results = (outs Dlc_TensorOrBuffer:$result);
  let assemblyFormat = "$handle (`single` $single^)? `binds` $binds attr-dict `:` type($handle) `->` type($result)";
  let hasVerifier = 1;
}

def Dlc_WrapOp : Dlc_Op<"wrap", [Pure]> {
  let summary = "a planned value as a handle";
  let description = [{
    Example:
    ```mlir
    %1 = dlc.wrap %0 : !dlc.tensor<N x f32> -> !dlc.value
    ```
  }];
  let arguments = (ins Dlc_TensorOrBuffer:$input);
  let results = (outs Dlc_Handle:$handle);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($handle)";
  let hasFolder = 1;
}

//===-- Symbols -------------------------------------------------------------------------------------------------------===//

def Dlc_BindOp : Dlc_Op<"bind"> {
  let summary = "the elements of a small tensor as symbols";
  let description = [{
    Binds one symbol for each element of an integer or bool tensor of constant shape, in row-major order. A name that is
    empty binds nothing.

    Constraints:
    - C1: the input has integer elements, a constant shape, and as many elements as there are names, at most 64

    Example:
    ```mlir
    dlc.bind %0 as ["rows", "columns"] : !dlc.tensor<2 x i64>
    ```
  }];
  let arguments = (ins Dlc_TensorOrBuffer:$input, StrArrayAttr:$symbols);
  let assemblyFormat = "$input `as` $symbols attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Dlc_SizesOp : Dlc_Op<"sizes", [Pure]> {
  let summary = "a small integer tensor whose elements are expressions";
  let description = [{
    Constraints:
    - C1: the result has integer or bool elements, a constant shape, and as many elements as there are values

    Example:
    ```mlir
    %0 = dlc.sizes [#dlc.expr<N>, #dlc.expr<3*H>] : !dlc.tensor<2 x i64>
    ```
  }];
  let arguments = (ins Dlc_ExprArrayAttr:$values);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$values attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Dlc_GuardOp : Dlc_Op<"guard"> {
  let summary = "what must hold of two sizes where this op is reached";
  let description = [{
    Ends the run with an error that names the node and both sizes where it does not hold. Stands where the op that demands
    it stood, so that a branch that is not taken fails nothing. With `equals_or_one` the first one may be 1: it broadcasts.

    Example:
    ```mlir
    dlc.guard <N> equals <M>
    ```
  }];
  let arguments = (ins Dlc_ExprAttr:$lhs, Dlc_GuardRelationAttr:$relation, Dlc_ExprAttr:$rhs);
  let assemblyFormat = "$lhs `` $relation $rhs attr-dict";
}

//===-- Library calls -------------------------------------------------------------------------------------------------===//

def Dlc_LibraryCallOp : Dlc_Op<"library_call", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "computes an operator by a function of the op library";
  let description = [{
    Calls `dlc_op_<callee>` (dlc/ABI/Op.h), which sees all parameters by name as attributes; attributes that are
    expressions are computed when the call is reached. Results are either all planned, with dims that are known before
    the call, or all handles. From the plan phase on planned results are buffers, `outs`, instead.

    Constraints:
    - C1: the results are all planned or all handles
    - C2: with `outs` there are no results

    Example:
    ```mlir
    %1 = dlc.library_call "nonzero"(%0) {} : (!dlc.tensor<N x f32>) -> !dlc.value
    %3 = dlc.library_call "gather"(%1, %2) {axis = 0} : (!dlc.tensor<N x f32>, !dlc.tensor<3 x i64>) -> !dlc.tensor<3 x f32>
    ```
  }];
  let arguments = (ins StrAttr:$callee, Variadic<Dlc_AnyValue>:$inputs, Variadic<Dlc_Buffer>:$outs,
                       DictionaryAttr:$parameters);
  let results = (outs Variadic<Dlc_AnyValue>:$outputs);
  let assemblyFormat = [{
    $callee `(` $inputs `)` (`outs` `(` $outs^ `)`)? $parameters attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===-- Control flow --------------------------------------------------------------------------------------------------===//

def Dlc_IfOp : Dlc_Op<"if", [RecursiveMemoryEffects]> {
  let summary = "the results of one of two regions";
  let description = [{
    `condition` is a bool tensor of one element, or a handle of one. Both regions end in a `dlc.yield` of values of the
    result types. From the plan phase on the condition is a buffer, planned results are buffers that the regions write,
    and only handles are yielded.

    Constraints:
    - C1: the condition has bool elements
    - C2: both regions yield values of the result types

    Example:
    ```mlir
    %1 = dlc.if %0 : (!dlc.tensor<i1>) -> !dlc.tensor<N x f32> {
      %2 = dlc.relu %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
      dlc.yield %2 : !dlc.tensor<N x f32>
    } else {
      dlc.yield %x : !dlc.tensor<N x f32>
    }
    ```
  }];
  let arguments = (ins Dlc_AnyValue:$condition);
  let results = (outs Variadic<Dlc_AnyValue>:$outputs);
  let regions = (region SizedRegion<1>:$then_region, SizedRegion<1>:$else_region);
  let assemblyFormat = [{
    $condition attr-dict `:` functional-type(operands, results) $then_region `else` $else_region
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp getThenYield();
    YieldOp getElseYield();
  }];
}

def Dlc_LoopOp : Dlc_Op<"loop", [AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "iterations that hand values on";
  let description = [{
    Runs the body while the number of iterations is below the trip count and the condition, where there is one, is true.
    Symbol `iteration`, bound in the body, counts from 0. The body's arguments are the carried values: at first `inits`,
    then what the iteration before has yielded; the results are those of the last iteration. With a condition the body
    yields the next one first.

    The trip count is `max_trip`, an i64 tensor of one element, or the expression `trip` (from the graph phase on), or
    absent: no limit. From the plan phase on planned carried values live in buffers, and only handles are carried.

    Constraints:
    - C1: the body's arguments, its yielded values (but the condition) and the results have the types of the inits
    - C2: at most one of max_trip and trip is there
    - C3: conditions have bool elements

    Example:
    ```mlir
    %1 = dlc.loop "i" trip <T> (%0) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
    ^bb0(%state: !dlc.tensor<N x f32>):
      %2 = dlc.tanh %state : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
      dlc.yield %2 : !dlc.tensor<N x f32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$iteration, Optional<Dlc_AnyValue>:$max_trip, OptionalAttr<Dlc_ExprAttr>:$trip,
                       Optional<Dlc_AnyValue>:$condition, Variadic<Dlc_AnyValue>:$inits);
  let results = (outs Variadic<Dlc_AnyValue>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $iteration (`max_trip` $max_trip^)? (`trip` $trip^)? (`while` $condition^)? `(` $inits `)` attr-dict
    `:` functional-type(operands, results) $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp getYield();
    /// The yielded values that the next iteration's arguments become.
    ::mlir::OperandRange getCarried();
  }];
}

def Dlc_YieldOp : Dlc_Op<"yield", [Pure, Terminator, ParentOneOf<["KernelOp", "IfOp", "LoopOp"]>]> {
  let summary = "ends a box, a branch or an iteration with its results";
  let arguments = (ins Variadic<Dlc_AnyValue>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

//===-- The host program, from the plan phase on ----------------------------------------------------------------------===//

def Dlc_StoreSizesOp : Dlc_Op<"store_sizes"> {
  let summary = "writes expressions into a buffer, one for each element";
  let arguments = (ins Dlc_ExprArrayAttr:$values, Arg<Dlc_Buffer, "", [MemWrite]>:$buffer);
  let assemblyFormat = "$values `,` $buffer attr-dict `:` type($buffer)";
}

def Dlc_CopyOp : Dlc_Op<"copy"> {
  let summary = "copies a dense buffer into one of the same type";
  let arguments = (ins Arg<Dlc_Buffer, "", [MemRead]>:$source, Arg<Dlc_Buffer, "", [MemWrite]>:$target);
  let assemblyFormat = "$source `,` $target attr-dict `:` type($source) `,` type($target)";
}

def Dlc_NewTensorOp : Dlc_Op<"new_tensor"> {
  let summary = "a new tensor object, of undefined contents, and its elements as a buffer";
  let description = "For values whose size is known only during the run. The handle holds one reference.";
  let results = (outs Dlc_Handle:$handle, Dlc_Buffer:$buffer);
  let assemblyFormat = "attr-dict `:` type($handle) `,` type($buffer)";
}

def Dlc_RetainOp : Dlc_Op<"retain"> {
  let summary = "takes one more reference to a handle";
  let description = "The result is the same object.";
  let arguments = (ins Dlc_Handle:$handle);
  let results = (outs Dlc_Handle:$result);
  let assemblyFormat = "$handle attr-dict `:` type($handle)";
}

def Dlc_ReleaseOp : Dlc_Op<"release"> {
  let summary = "gives a reference to a handle back";
  let arguments = (ins Dlc_Handle:$handle);
  let assemblyFormat = "$handle attr-dict `:` type($handle)";
}

#endif
