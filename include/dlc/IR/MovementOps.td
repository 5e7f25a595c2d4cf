// Ops that move elements: views, slices, concatenation, gathers. Where the importer meets shapes, axes or starts as
// tensors it makes an op that "resolves": the graph phase replaces it by one whose attributes hold them as expressions.
#ifndef DLC_IR_MOVEMENTOPS_TD
#define DLC_IR_MOVEMENTOPS_TD

class Dlc_InferredOp<string opMnemonic, list<Trait> traits = [], list<string> methods = []>
    : Dlc_Op<opMnemonic, [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface, methods>] # traits> {
  let results = (outs Dlc_Tensor:$result);
}

/// Replaced in the graph phase.
class Dlc_ResolvedOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_Op<opMnemonic, [Pure, DeclareOpInterfaceMethods<Dlc_ResolveInterface>] # traits>;

//===-- Views ---------------------------------------------------------------------------------------------------------===//

def Dlc_ViewOp : Dlc_Op<"view", [Pure]> {
  let summary = "the same elements in another shape";
  let description = [{
    Constraints:
    - C1: input and result have the same number of elements and the same element type

    Example:
    ```mlir
    %0 = dlc.view %x : !dlc.tensor<N x 512 x 1 x 1 x f32> -> !dlc.tensor<N x 512 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def Dlc_ReshapeOp : Dlc_ResolvedOp<"reshape"> {
  let summary = "the same elements in a shape that a tensor holds";
  let description = [{
    `shape` is a vector of i64. An element of -1 stands for what the others leave over, 0 for the input's dim at the same
    place (with `allow_zero`: for 0). Resolves to a view.

    Constraints:
    - C1: shape is a vector of i64 of constant length, with at most one -1, else not negative
    - C2: input and result have the same number of elements

    Example:
    ```mlir
    %0 = dlc.reshape %input, %shape : (!dlc.tensor<N x 512 x 1 x 1 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$shape, UnitAttr:$allow_zero);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input `,` $shape (`allow_zero` $allow_zero^)? attr-dict `:` functional-type(operands, results)";
}

def Dlc_FlattenOp : Dlc_ResolvedOp<"flatten"> {
  let summary = "a matrix of the same elements: dims before `axis`, dims from it on";
  let description = [{
    Resolves to a view.

    Constraints:
    - C1: axis is from -rank to rank; a negative one counts from the last dim
  }];
  let arguments = (ins Dlc_Tensor:$input, I64Attr:$axis);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
}

def Dlc_SqueezeOp : Dlc_ResolvedOp<"squeeze"> {
  let summary = "the input without some dims, which must be 1";
  let description = [{
    Without axes: without all dims that are known to be 1. Resolves to a view.

    Constraints:
    - C1: axes are a vector of integers, dims of the input, each once
    - C2: the dims are 1
  }];
  let arguments = (ins Dlc_Tensor:$input, Optional<Dlc_Tensor>:$axes);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input (`,` $axes^)? attr-dict `:` functional-type(operands, results)";
}

def Dlc_UnsqueezeOp : Dlc_ResolvedOp<"unsqueeze"> {
  let summary = "the input with new dims of 1";
  let description = [{
    `axes` are dims of the result. Resolves to a view.

    Constraints:
    - C1: axes are a vector of integers, dims of the result, each once
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$axes);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input `,` $axes attr-dict `:` functional-type(operands, results)";
}

//===-- Shapes as tensors ---------------------------------------------------------------------------------------------===//

def Dlc_ShapeOp : Dlc_ResolvedOp<"shape"> {
  let summary = "the dims of the input from `start` to `end`, as a vector of i64";
  let description = [{
    Negative ones count from the rank; both are clamped to it. Resolves to `dlc.sizes`.
  }];
  let arguments = (ins Dlc_Tensor:$input, DefaultValuedAttr<I64Attr, "0">:$start, OptionalAttr<I64Attr>:$end);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Dlc_SizeOp : Dlc_ResolvedOp<"size"> {
  let summary = "the number of elements of the input, as an i64 of rank 0";
  let description = "Resolves to `dlc.sizes`.";
  let arguments = (ins Dlc_Tensor:$input);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

//===-- Broadcasts ----------------------------------------------------------------------------------------------------===//

def Dlc_BroadcastOp : Dlc_Op<"broadcast", [Pure]> {
  let summary = "the input repeated along dims of 1 and new leading dims";
  let description = [{
    Constraints:
    - C1: the result has at least the input's rank; aligned at the last dim each dim of the input is 1 or equal

    Example:
    ```mlir
    %0 = dlc.broadcast %x : !dlc.tensor<1 x 3 x f32> -> !dlc.tensor<N x 3 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def Dlc_ExpandOp : Dlc_ResolvedOp<"expand"> {
  let summary = "the input broadcast against a shape that a tensor holds";
  let description = "Resolves to `dlc.broadcast`.";
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$shape);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
}

def Dlc_ConstantOfShapeOp : Dlc_ResolvedOp<"constant_of_shape"> {
  let summary = "a scalar in every element of a shape that a tensor holds";
  let description = "Resolves to `dlc.broadcast`.";
  let arguments = (ins Dlc_Tensor:$shape, Dlc_Tensor:$value);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$shape `,` $value attr-dict `:` functional-type(operands, results)";
}

def Dlc_TileOp : Dlc_ResolvedOp<"tile"> {
  let summary = "the input repeated as often along each dim as a tensor says";
  let description = "Resolves to views and `dlc.broadcast`.";
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$repeats);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input `,` $repeats attr-dict `:` functional-type(operands, results)";
}

//===-- Rearrangement -------------------------------------------------------------------------------------------------===//

def Dlc_TransposeOp : Dlc_InferredOp<"transpose"> {
  let summary = "dims in another order";
  let description = [{
    Dim i of the result is dim `perm[i]` of the input; an empty `perm` reverses all dims.

    Constraints:
    - C1: perm is empty or a permutation of the input's dims
  }];
  let arguments = (ins Dlc_Tensor:$input, DenseI64ArrayAttr:$perm);
  let assemblyFormat = "$input `perm` $perm attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// The dim of the input, whose rank must be known, that each dim of the result is.
    ::llvm::SmallVector<int64_t> getSourceDims();
  }];
  let hasCanonicalizeMethod = 1;
}

def Dlc_SliceOp : Dlc_InferredOp<"slice"> {
  let summary = "every `steps`-th of `sizes` elements of each dim, from `starts` on";
  let description = [{
    Element i of dim d of the result is element `starts[d] + i * steps[d]` of the input.

    Constraints:
    - C1: starts, sizes and steps have one element for each dim of the input; steps are not 0
    - C2: the elements lie in the input

    Example:
    ```mlir
    %0 = dlc.slice %x starts [#dlc.expr<0>, #dlc.expr<H - 2>] sizes [#dlc.expr<3>, #dlc.expr<2>] steps [1, 1]
       : (!dlc.tensor<3 x H x f32>) -> !dlc.tensor<3 x 2 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_ExprArrayAttr:$starts, Dlc_ExprArrayAttr:$sizes, DenseI64ArrayAttr:$steps);
  let assemblyFormat = [{
    $input `starts` $starts `sizes` $sizes `steps` $steps attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizeMethod = 1;
}

def Dlc_DynamicSliceOp : Dlc_ResolvedOp<"dynamic_slice", [AttrSizedOperandSegments]> {
  let summary = "a part of the input between bounds that tensors hold";
  let description = [{
    ONNX Slice: bounds that are negative count from the dim, and all are clamped to it. Without axes the first dims are
    meant, without steps 1. Resolves to `dlc.slice` where steps are constants.

    Constraints:
    - C1: starts, ends, axes and steps are vectors of integers of the same length
    - C2: axes are dims of the input, each once; steps are not 0
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$starts, Dlc_Tensor:$ends, Optional<Dlc_Tensor>:$axes,
                       Optional<Dlc_Tensor>:$steps);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input `from` $starts `to` $ends (`axes` $axes^)? (`steps` $steps^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Dlc_SplitOp : Dlc_ResolvedOp<"split"> {
  let summary = "consecutive parts of the input along a dim";
  let description = [{
    The parts have the given sizes, or are equal (the last one smaller) where there are none. Resolves to slices.

    Constraints:
    - C1: sizes are a vector of integers, one for each result, that add up to the dim
  }];
  let arguments = (ins Dlc_Tensor:$input, Optional<Dlc_Tensor>:$sizes, I64Attr:$axis);
  let results = (outs Variadic<Dlc_Tensor>:$parts);
  let assemblyFormat = "$input (`sizes` $sizes^)? `axis` $axis attr-dict `:` functional-type(operands, results)";
}

def Dlc_ConcatOp : Dlc_InferredOp<"concat", [Dlc_SameElementType], ["getEqualDims"]> {
  let summary = "the inputs one after the other along a dim";
  let description = [{
    Constraints:
    - C1: at least one input; all have the same rank and element type
    - C2: axis is a dim; a negative one counts from the last
    - C3: all other dims are equal
  }];
  let arguments = (ins Variadic<Dlc_Tensor>:$inputs, I64Attr:$axis);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// The axis counted from the first dim of inputs of known rank.
    int64_t getDim();
  }];
  let hasCanonicalizeMethod = 1;
}

def Dlc_PadOp : Dlc_InferredOp<"pad"> {
  let summary = "the input with elements before and after it";
  let description = [{
    `low` and `high` have one element for each dim; negative ones take elements away. Mode constant adds `value` (0
    where absent), edge the nearest element, reflect mirrors without the border, wrap repeats.

    Constraints:
    - C1: low and high have one element for each dim
    - C2: value has rank 0 and the input's element type
  }];
  let arguments = (ins Dlc_PadModeAttr:$mode, Dlc_Tensor:$input, Optional<Dlc_Tensor>:$value,
                       Dlc_ExprArrayAttr:$low, Dlc_ExprArrayAttr:$high);
  let assemblyFormat = [{
    $mode $input (`value` $value^)? `low` $low `high` $high attr-dict `:` functional-type(operands, results)
  }];
}

def Dlc_DynamicReduceOp : Dlc_ResolvedOp<"dynamic_reduce"> {
  let summary = "a reduction over axes that a tensor holds";
  let description = [{
    `axes` are a vector of integers, dims of the input, each once. No axes stand for all of them, or with `keep_all` for
    none. Resolves to `dlc.reduce`.

    Example:
    ```mlir
    %0 = dlc.dynamic_reduce mean %input, %axes keep_dims : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<1 x i64>) -> !dlc.tensor<* x f32>
    ```
  }];
  let arguments = (ins Dlc_ReduceKindAttr:$kind, Dlc_Tensor:$input, Dlc_Tensor:$axes, UnitAttr:$keep_dims,
                       UnitAttr:$keep_all);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $kind $input `,` $axes (`keep_dims` $keep_dims^)? (`keep_all` $keep_all^)? attr-dict `:`
    functional-type(operands, results)
  }];
}

def Dlc_DynamicPadOp : Dlc_ResolvedOp<"dynamic_pad", [AttrSizedOperandSegments]> {
  let summary = "the input with as many elements before and after it as a tensor says";
  let description = [{
    ONNX Pad: `pads` holds the begins of all axes, then the ends. Resolves to `dlc.pad`.
  }];
  let arguments = (ins Dlc_PadModeAttr:$mode, Dlc_Tensor:$input, Dlc_Tensor:$pads, Optional<Dlc_Tensor>:$value,
                       Optional<Dlc_Tensor>:$axes);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $mode $input `pads` $pads (`value` $value^)? (`axes` $axes^)? attr-dict `:` functional-type(operands, results)
  }];
}

//===-- Gathers -------------------------------------------------------------------------------------------------------===//

def Dlc_GatherOp : Dlc_InferredOp<"gather"> {
  let summary = "entries of a dim, by index";
  let description = [{
    The result has the input's dims with dim `axis` replaced by those of `indices`, which are i32 or i64; a negative
    index counts from the end of the dim. An index out of range ends the run with an error.

    Constraints:
    - C1: axis is a dim of the input; a negative one counts from the last
    - C2: indices are i32 or i64
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$indices, I64Attr:$axis);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// The axis counted from the first dim of an input of known rank.
    int64_t getDim();
  }];
  let hasCanonicalizeMethod = 1;
}

def Dlc_RangeOp : Dlc_ResolvedOp<"range"> {
  let summary = "start, start + delta, ... up to but without limit";
  let description = [{
    Operands have rank 0 and one element type. Where the number of elements is an expression it resolves to `dlc.iota`.
  }];
  let arguments = (ins Dlc_Tensor:$start, Dlc_Tensor:$limit, Dlc_Tensor:$delta);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)";
}

def Dlc_LastWriterOp : Dlc_Op<"last_writer", [Pure]> {
  let summary = "for each slot the last row that is written to it";
  let description = [{
    Element i of `numbers` is the slot that row i is written to. The result has the greatest such i of each slot, and -1 where
    there is none. A number that is no slot's ends the run with an error.

    Example: `%0 = dlc.last_writer %numbers : (!dlc.tensor<8 x i64>) -> !dlc.tensor<N x i64>`

    Constraints:
    - C1: numbers and result are vectors of i64
  }];
  let arguments = (ins Dlc_Tensor:$numbers);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$numbers attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Dlc_IotaOp : Dlc_Op<"iota", [Pure]> {
  let summary = "start + i * step for each i, an integer vector";
  let arguments = (ins Dlc_ExprAttr:$start, Dlc_ExprAttr:$step);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$start `step` $step attr-dict `:` type($result)";
}

#endif
