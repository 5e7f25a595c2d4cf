// The ops, by banner: constants, convolution, resize, boxes, buffers and launches. Ops on elements are in
// ElementwiseOps.td, those along sequences in SequenceOps.td, those that move elements in MovementOps.td, those of the
// host program in HostOps.td.
#ifndef DLC_IR_OPS_TD
#define DLC_IR_OPS_TD

include "dlc/IR/DlcDialect.td"
include "dlc/IR/DlcAttrs.td"
include "dlc/IR/DlcTypes.td"
include "dlc/IR/DlcInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

class Dlc_Op<string opMnemonic, list<Trait> traits = []> : Op<Dlc_Dialect, opMnemonic, traits>;

//===-- Constants -----------------------------------------------------------------------------------------------------===//

def Dlc_ConstantOp : Dlc_Op<"constant", [Pure, ConstantLike]> {
  let summary = "a constant tensor";
  let description = [{
    `value` is a `#dlc.weight`, or a dense builtin attribute for constants of at most 64 elements, whose contents
    inference may read.

    Constraints:
    - C1: a dense value has at most 64 elements
    - C2: the result has the value's shape and element type

    Example:
    ```mlir
    %0 = dlc.constant dense<[1.0, 1.0, 3.0, 3.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
    ```
  }];
  let arguments = (ins AnyAttr:$value);
  let results = (outs Dlc_Tensor:$result);
  let builders = [
    /// A scalar of the element's type.
    OpBuilder<(ins "::mlir::TypedAttr":$element)>
  ];
  let assemblyFormat = "attr-dict $value `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t maxDenseElements = 64;
    /// The value as a weight, dense ones too.
    WeightAttr getWeight();
  }];
}

//===-- Convolution ---------------------------------------------------------------------------------------------------===//

def Dlc_ConvOp
    : Dlc_Op<"conv", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface, ["getEqualDims"]>]> {
  let summary = "convolution of N x C x spatial dims";
  let description = [{
    Cross-correlation as in ONNX Conv. `pads` holds the begins of all spatial dims, then the ends. Over one dim it is
    canonicalized to a view of one over two.

    Constraints:
    - C1: input and filter have the same rank, at least 3
    - C2: strides and dilations have one element for each spatial dim, pads two
    - C3: strides and dilations are positive, pads are not negative, and all are below 2^31
    - C4: filter channels * group equal input channels
    - C5: output channels are a multiple of group
    - C6: bias has one element for each output channel
    - C7: all dims of the filter are positive

    Example:
    ```mlir
    %0 = dlc.conv %input, %filter, %bias strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1
       : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>, !dlc.tensor<8 x f32>)
         -> !dlc.tensor<1 x 8 x H x W x f32>
    ```
  }];
  let arguments = (ins
    Dlc_Tensor:$input, Dlc_Tensor:$filter, Optional<Dlc_Tensor>:$bias,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$group);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $filter (`,` $bias^)? `strides` $strides `pads` $pads `dilations` $dilations `group` $group attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Dlc_ConvTransposeOp : Dlc_Op<"conv_transpose", [Pure, DeclareOpInterfaceMethods<Dlc_ResolveInterface>]> {
  let summary = "the gradient of a convolution by its input, of N x C x spatial dims";
  let description = [{
    As ONNX ConvTranspose: each element of the input is spread over a window of the result, whose places `strides` lie
    apart; windows add up. `pads` are cut off, `output_pads` added at the end. With an `output_shape` or pads
    `same_upper` or `same_lower` the pads are what leads to that shape, or to `strides` times the input's, the smaller
    half first for `same_upper`.

    Resolves to a convolution with stride 1 that has channels of their own for each phase of the strides, in the order
    (group, phase of each dim, output), which then are laid out as pixels; its filter is the mirrored one, with zeros
    where a phase has no tap. Where the filter's dims, or those of an input that an output shape is for, are not
    constants, it is a library call.

    Constraints:
    - C1: input and filter have the same rank, at least 3; the spatial dims of the filter are positive
    - C2: lists have one element for each spatial dim, pads two
    - C3: strides and dilations are positive, pads and output pads not negative, and all are below 2^31
    - C4: filter dim 0 equals input channels, which are a multiple of group

    Example:
    ```mlir
    %0 = dlc.conv_transpose given %input, %filter, %bias strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
           output_pads [0, 0] output_shape [] group 1
       : (!dlc.tensor<1 x 8 x H x W x f32>, !dlc.tensor<8 x 4 x 2 x 2 x f32>, !dlc.tensor<4 x f32>)
         -> !dlc.tensor<1 x 4 x 2*H x 2*W x f32>
    ```
  }];
  let arguments = (ins
    Dlc_Tensor:$input, Dlc_Tensor:$filter, Optional<Dlc_Tensor>:$bias,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$output_pads,
    DenseI64ArrayAttr:$output_shape, Dlc_ConvTransposePadsAttr:$mode, I64Attr:$group);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $mode $input `,` $filter (`,` $bias^)? `strides` $strides `pads` $pads `dilations` $dilations
    `output_pads` $output_pads `output_shape` $output_shape `group` $group attr-dict
    `:` functional-type(operands, results)
  }];
}

def Dlc_BatchNormOp
    : Dlc_Op<"batch_norm", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface, ["getEqualDims"]>]> {
  let summary = "(input - mean) / sqrt(variance + epsilon) * scale + shift, for each channel";
  let description = [{
    Channels are dimension 1 of the input. The graph phase folds it into a convolution before it, or makes it a product
    and a sum.

    Constraints:
    - C1: scale, shift, mean and variance are vectors with one element for each channel

    Example:
    ```mlir
    %0 = dlc.batch_norm %input, %scale, %shift, %mean, %variance epsilon 1.0e-05
       : (!dlc.tensor<N x 8 x H x W x f32>, !dlc.tensor<8 x f32>, !dlc.tensor<8 x f32>, !dlc.tensor<8 x f32>,
          !dlc.tensor<8 x f32>) -> !dlc.tensor<N x 8 x H x W x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$scale, Dlc_Tensor:$shift, Dlc_Tensor:$mean,
                       Dlc_Tensor:$variance, F32Attr:$epsilon);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $shift `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` functional-type(operands, results)
  }];
}

//===-- Matrix product ------------------------------------------------------------------------------------------------===//

def Dlc_MatmulOp
    : Dlc_Op<"matmul", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface,
                                                             ["getEqualDims", "getBroadcastDims"]>]> {
  let summary = "matrix product as numpy's matmul, with a bias for each column";
  let description = [{
    The last two dims of `lhs` are M x K, or K x M with `transpose_lhs`, those of `rhs` K x N, or N x K with
    `transpose_rhs`; dims before them broadcast. An `lhs` of rank 1 is a row, an `rhs` of rank 1 a column, and the
    result has no such dim. Sizes that are not known to be equal are left to the run to compare.

    Constraints:
    - C1: lhs and rhs have at least rank 1, one that is transposed rank 2
    - C2: lhs and rhs agree in the dim that is summed over
    - C3: the dims before the last two broadcast
    - C4: bias has one element for each column

    Example:
    ```mlir
    %0 = dlc.matmul %lhs, %rhs, %bias transpose_rhs
       : (!dlc.tensor<N x 512 x f32>, !dlc.tensor<1000 x 512 x f32>, !dlc.tensor<1000 x f32>)
         -> !dlc.tensor<N x 1000 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$lhs, Dlc_Tensor:$rhs, Optional<Dlc_Tensor>:$bias, UnitAttr:$transpose_lhs,
                       UnitAttr:$transpose_rhs);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`,` $bias^)? (`transpose_lhs` $transpose_lhs^)? (`transpose_rhs` $transpose_rhs^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The number of rows and columns of the product, null where lhs or rhs is a vector. These and the functions below
    /// ask for operands of known rank.
    ExprAttr getRows();
    ExprAttr getColumns();
    /// The dims of an operand before those of each factor.
    static ::llvm::ArrayRef<ExprAttr> getOuterDims(PlannedType type) {
      return type.getDims().drop_back(std::min<int64_t>(type.getRank(), 2));
    }
    /// The dims of the result before those of each product.
    ::llvm::ArrayRef<ExprAttr> getBatchDims() {
      return getType().getDims().drop_back((getRows() ? 1 : 0) + (getColumns() ? 1 : 0));
    }
    /// What is summed over, as lhs and as rhs have it.
    std::pair<ExprAttr, ExprAttr> getInnerDims();
    /// The same as one size: the one that is constant.
    ExprAttr getInnerDim();
  }];
}

//===-- Windows and reductions ----------------------------------------------------------------------------------------===//

def Dlc_SamePadOp : Dlc_Op<"same_pad", [Pure, DeclareOpInterfaceMethods<Dlc_ResolveInterface>]> {
  let summary = "the input with the pads of ONNX's auto_pad SAME";
  let description = [{
    As many elements of value `outside`, 0 where absent, that windows find a place at every `strides`-th element: half of
    them at each end of a spatial dim, the odd one at the end with `upper`, else at the beginning. Resolves to `dlc.pad`.

    Constraints:
    - C1: the input has two dims more than `kernel` has elements
  }];
  let arguments = (ins Dlc_Tensor:$input, Optional<Dlc_Tensor>:$outside, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, UnitAttr:$upper);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input (`outside` $outside^)? `kernel` $kernel `strides` $strides `dilations` $dilations (`upper` $upper^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Dlc_PoolOp : Dlc_Op<"pool", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "one element from each window of the spatial dims";
  let description = [{
    The elements of a window become one as in `dlc.reduce`. Pads are no elements; with `include_pads` a mean counts them,
    as zeros. A NaN in a window stays one, as in PyTorch. With `ceil` the last window may reach over the end, as long as
    it begins in the input or in the pads before it.

    Constraints:
    - C1: kernel, strides and dilations have one element for each spatial dim, pads two
    - C2: kernel, strides and dilations are positive and below 2^31, pads not negative and smaller than the (dilated)
      kernel
    - C3: kind is sum, mean, max, l1 or l2, and `include_pads` beside mean alone

    Example:
    ```mlir
    %0 = dlc.pool max %input kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1]
       : (!dlc.tensor<N x 64 x 112 x 112 x f32>) -> !dlc.tensor<N x 64 x 56 x 56 x f32>
    ```
  }];
  let arguments = (ins Dlc_ReduceKindAttr:$kind, Dlc_Tensor:$input, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, UnitAttr:$ceil,
                       UnitAttr:$include_pads);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $kind $input `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations (`ceil` $ceil^)?
    (`include_pads` $include_pads^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Dlc_ReduceOp : Dlc_Op<"reduce", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "many elements become one, over some dims";
  let description = [{
    `axes` count from the first dim, negative ones from the last; the dims become 1, or vanish without `keep_dims`.
    Without axes all dims are reduced; an empty list of them makes each element the result of itself alone. The mean over
    no elements is a NaN, and a NaN stays one. `l1` is the sum of magnitudes, `l2` the root of `sum_square`, `log_sum`
    the logarithm of the sum.

    Constraints:
    - C1: axes are dims of the input, each once

    Example:
    ```mlir
    %0 = dlc.reduce mean %input axes [2, 3] keep_dims
       : (!dlc.tensor<N x 512 x 7 x 7 x f32>) -> !dlc.tensor<N x 512 x 1 x 1 x f32>
    ```
  }];
  let arguments = (ins Dlc_ReduceKindAttr:$kind, Dlc_Tensor:$input, OptionalAttr<DenseI64ArrayAttr>:$axes,
                       UnitAttr:$keep_dims);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $kind $input (`axes` $axes^)? (`keep_dims` $keep_dims^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The axes counted from the first dim, in ascending order; nothing where C1 does not hold. The input's rank must
    /// be known.
    std::optional<::llvm::SmallVector<int64_t>> getSortedAxes();
    /// Whether neighbours in the last dim belong to results of their own.
    bool keepsLastDim();
    /// Whether an image is reduced over its height and width.
    bool isOverPixels();
  }];
}

def Dlc_SoftmaxOp : Dlc_Op<"softmax", [Pure, Dlc_SameElementType,
                                       DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "exp(x) / sum(exp(x)) along a dim, or its logarithm";
  let description = [{
    `axis` counts from the first dim, a negative one from the last. The largest element of each sum is subtracted first,
    so that no exponent overflows.

    Constraints:
    - C1: axis is a dim of the input
    - C2: input and result have the same element type

    Example:
    ```mlir
    %0 = dlc.softmax %input axis -1 log : (!dlc.tensor<N x 1000 x f32>) -> !dlc.tensor<N x 1000 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis (`log` $log^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// The axis counted from the first dim of an input of known rank.
    int64_t getDim();
  }];
}

def Dlc_LayerNormOp
    : Dlc_Op<"layer_norm", [Pure, AttrSizedOperandSegments, Dlc_SameElementType,
                            DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface, ["getBroadcastDims"]>]> {
  let summary = "(input - mean) / sqrt(variance + epsilon) * scale + bias, along the last dims";
  let description = [{
    Mean and variance are those of the elements in the dims from `axis` on, which counts from the first dim, a negative
    one from the last. With `rms` nothing is subtracted, and the mean square stands for the variance. Scale and bias
    broadcast to the input.

    Constraints:
    - C1: axis is a dim of the input
    - C2: operands and result have the same element type
    - C3: scale and bias broadcast to the input

    Example:
    ```mlir
    %0 = dlc.layer_norm %input scale %scale bias %bias axis -1 epsilon 1.0e-05
       : (!dlc.tensor<N x 768 x f32>, !dlc.tensor<768 x f32>, !dlc.tensor<768 x f32>) -> !dlc.tensor<N x 768 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Optional<Dlc_Tensor>:$scale, Optional<Dlc_Tensor>:$bias, I64Attr:$axis,
                       F32Attr:$epsilon, UnitAttr:$rms);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^)? (`bias` $bias^)? `axis` $axis `epsilon` $epsilon (`rms` $rms^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The axis counted from the first dim of an input of known rank.
    int64_t getDim();
  }];
}

def Dlc_GlobalPoolOp : Dlc_Op<"global_pool", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "reduction over all spatial dims, which become 1";
  let description = "The graph phase makes it a `dlc.reduce`, once the rank is known.";
  let arguments = (ins Dlc_ReduceKindAttr:$kind, Dlc_Tensor:$input);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizeMethod = 1;
}

//===-- Sequences -----------------------------------------------------------------------------------------------------===//

include "dlc/IR/SequenceOps.td"

//===-- Elementwise ---------------------------------------------------------------------------------------------------===//

include "dlc/IR/ElementwiseOps.td"

//===-- Resize --------------------------------------------------------------------------------------------------------===//

def Dlc_ResizeOp : Dlc_Op<"resize", [Pure, AttrSizedOperandSegments,
                                     DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "the input at other sizes, interpolated";
  let description = [{
    ONNX Resize. Each dim in `axes` (without them: each dim) is resized by its element of `scales`, to
    floor(dim * scale), or to its element of `sizes`. `policy` says whether these are the sizes (`stretch`), or what one
    scale for all dims must not exceed or fall below. With neither operand the result's type states the sizes, which is
    what known sizes become in the graph phase.

    `coordinates` is the way from an index of the result to a coordinate in the input, `mode` what is made of the
    neighbours there: the one that `rounding` says (`floor_or_ceil`: floor, but ceil for dims that shrink), two with
    linear weights in each direction, or four by Keys' kernel with coefficient `cubic_coeff`. Neighbours outside of the
    input take the nearest inside; with `exclude_outside` they have no weight. With `antialias` the kernels of dims that
    shrink are as wide as their pixels are apart. `tf_crop_and_resize` reads a part of the input, `roi` (the beginnings,
    then the ends, relative to the dims); what lies outside of the input is `extrapolation`.

    Constraints:
    - C1: scales are f32, positive and finite; one for each resized dim
    - C2: sizes are i64, one for each resized dim, and no scales are given
    - C3: axes are from -rank to rank - 1, each dim at most once
    - C4: scales or sizes that only the run knows leave the dims before the last two, but at most two, as they are

    Example:
    ```mlir
    %0 = dlc.resize %input scales %scales mode cubic coordinates half_pixel rounding floor policy stretch
           cubic_coeff -0.75 extrapolation 0.0
       : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<1 x 3 x 3*H x 3*W x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Optional<Dlc_Tensor>:$roi, Optional<Dlc_Tensor>:$scales,
                       Optional<Dlc_Tensor>:$sizes, Dlc_ResizeModeAttr:$mode, Dlc_ResizeCoordinatesAttr:$coordinates,
                       Dlc_ResizeRoundingAttr:$rounding, Dlc_ResizePolicyAttr:$policy, F32Attr:$cubic_coeff,
                       F32Attr:$extrapolation, UnitAttr:$antialias, UnitAttr:$exclude_outside,
                       OptionalAttr<DenseI64ArrayAttr>:$axes);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input (`roi` $roi^)? (`scales` $scales^)? (`sizes` $sizes^)? `mode` $mode `coordinates` $coordinates
    `rounding` $rounding `policy` $policy `cubic_coeff` $cubic_coeff `extrapolation` $extrapolation
    (`antialias` $antialias^)? (`exclude_outside` $exclude_outside^)? (`axes` $axes^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The dims in `axes`, counted from the first, in their order; nothing where C3 is broken.
    std::optional<::llvm::SmallVector<int64_t>> getNormalizedAxes();
    /// The scales where they are a constant of f32.
    std::optional<::llvm::SmallVector<float>> getConstantScales();
    /// The result's dims; nothing where only a library op can find them. Emits what is wrong.
    ::mlir::FailureOr<std::optional<::llvm::SmallVector<::dlc::ExprAttr>>> findDims();
    /// A dim that may be resized, and where its scale is: the element of `scales`, if there are any.
    struct ResizedDim {
      int64_t dim;
      int64_t element;
      std::optional<float> scale; // where it is known
    };
    /// Those of an op whose result type is known, in order.
    ::llvm::SmallVector<ResizedDim> getResizedDims();
    /// Neighbours in each direction, without antialias.
    int64_t getTaps();
  }];
}

//===-- Boxes ---------------------------------------------------------------------------------------------------------===//

def Dlc_KernelOp : Dlc_Op<"kernel", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "a box around the ops that run as one kernel";
  let description = [{
    The body computes on values without layout; operands and results carry the layouts that the schedule phase chose.

    Constraints:
    - C1: block arguments have the types of the operands, without layout
    - C2: the yielded values have the types of the results, without layout

    Example:
    ```mlir
    %1 = dlc.kernel loops (%0) : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
    ^bb0(%arg0: !dlc.tensor<N x f32>):
      %2 = dlc.relu %arg0 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
      dlc.yield %2 : !dlc.tensor<N x f32>
    }
    ```
  }];
  let arguments = (ins Dlc_BoxKindAttr:$kind, Variadic<Dlc_Tensor>:$inputs, OptionalAttr<Dlc_ScheduleAttr>:$schedule);
  let results = (outs Variadic<Dlc_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $kind `(` $inputs `)` (`schedule` $schedule^)? attr-dict `:` functional-type(operands, results) $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp getYield();
  }];
}

//===-- Buffers and launches ------------------------------------------------------------------------------------------===//

def Dlc_AllocOp : Dlc_Op<"alloc"> {
  let summary = "a buffer that has no place yet";
  let results = (outs Res<Dlc_Buffer, "", [MemAlloc]>:$buffer);
  let assemblyFormat = "attr-dict `:` type($buffer)";
}

def Dlc_SlotOp : Dlc_Op<"slot", [Pure]> {
  let summary = "a buffer in the arena";
  let description = [{
    `offset` is in bytes from the arena's start, a multiple of 64.

    Example:
    ```mlir
    %0 = dlc.slot <64*H> : !dlc.buffer<!dlc.tensor<H x f32>>
    ```
  }];
  let arguments = (ins Dlc_ExprAttr:$offset);
  let results = (outs Dlc_Buffer:$buffer);
  let assemblyFormat = "$offset attr-dict `:` type($buffer)";
}

def Dlc_WeightSlotOp : Dlc_Op<"weight_slot", [Pure]> {
  let summary = "a buffer in the weights section";
  let description = [{
    `offset` is in bytes from the section's start, a multiple of 64. `weight` says what is stored there.
  }];
  let arguments = (ins I64Attr:$offset, Dlc_WeightAttr:$weight);
  let results = (outs Dlc_Buffer:$buffer);
  let assemblyFormat = "$offset `,` $weight attr-dict `:` type($buffer)";
}

def Dlc_LaunchOp : Dlc_Op<"launch"> {
  let summary = "runs all tasks of a kernel";
  let description = [{
    Calls kernel function `kernel` for the tasks 0 to `tasks` - 1. Buffers stand in the order of its arguments. `flops`
    counts 2 for each multiply-add of all tasks, where the kernel is a convolution or a matrix product.

    Example:
    ```mlir
    dlc.launch @relu tasks <N> (%0, %1)
      : !dlc.buffer<!dlc.tensor<N x 8 x f32>>, !dlc.buffer<!dlc.tensor<N x 8 x f32>>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Dlc_ExprAttr:$tasks, OptionalAttr<Dlc_ExprAttr>:$flops,
                       Variadic<Dlc_Buffer>:$buffers);
  let assemblyFormat = "$kernel `tasks` $tasks (`flops` $flops^)? `(` $buffers `)` attr-dict `:` type($buffers)";
}

def Dlc_ReinterpretOp : Dlc_Op<"reinterpret", [Pure]> {
  let summary = "a dense buffer as one of another shape, or a part of a buffer";
  let description = [{
    With an offset, counted in elements, the result is a part of the source.

    Constraints:
    - C1: both buffers are dense and have the same size; where only the run knows it, a guard compares them before; with
      an offset they have the same layout
  }];
  let arguments = (ins Dlc_Buffer:$source, OptionalAttr<Dlc_ExprAttr>:$offset);
  let results = (outs Dlc_Buffer:$buffer);
  let assemblyFormat = "$source (`from` $offset^)? attr-dict `:` type($source) `->` type($buffer)";
  let hasVerifier = 1;
}

def Dlc_ReadOp : Dlc_Op<"read"> {
  let summary = "the value that a buffer holds, inside a kernel function";
  let description = [{
    Constraints:
    - C1: the result is the buffer's tensor without layout
  }];
  let arguments = (ins Arg<Dlc_Buffer, "", [MemRead]>:$buffer);
  let results = (outs Dlc_Tensor:$value);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer) `->` type($value)";
  let hasVerifier = 1;
}

def Dlc_WriteOp : Dlc_Op<"write"> {
  let summary = "stores a value into a buffer, inside a kernel function";
  let description = [{
    Writes every element of the buffer: halo and pad lanes become zeros.

    Constraints:
    - C1: the value has the type of the buffer's tensor without layout
  }];
  let arguments = (ins Dlc_Tensor:$value, Arg<Dlc_Buffer, "", [MemWrite]>:$buffer);
  let assemblyFormat = "$value `,` $buffer attr-dict `:` type($value) `,` type($buffer)";
  let hasVerifier = 1;
}

include "dlc/IR/MovementOps.td"
include "dlc/IR/HostOps.td"

#endif
