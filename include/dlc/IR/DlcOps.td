// The ops, by banner: constants, convolution, elementwise, resize, boxes, buffers and launches. Ops that move elements
// are in MovementOps.td, those of the host program in HostOps.td.
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

def Dlc_ConvOp : Dlc_Op<"conv", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "convolution of N x C x spatial dims";
  let description = [{
    Cross-correlation as in ONNX Conv. `pads` holds the begins of all spatial dims, then the ends.

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
}

def Dlc_BatchNormOp : Dlc_Op<"batch_norm", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
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

def Dlc_MatmulOp : Dlc_Op<"matmul", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "matrix product, with a bias for each column";
  let description = [{
    The last dim of `lhs` is summed over; its other dims are kept. `rhs` is a matrix K x N, or N x K with
    `transpose_rhs`.

    Constraints:
    - C1: lhs has at least rank 2, rhs rank 2
    - C2: lhs and rhs agree in the dim that is summed over
    - C3: bias has one element for each column

    Example:
    ```mlir
    %0 = dlc.matmul %lhs, %rhs, %bias transpose_rhs
       : (!dlc.tensor<N x 512 x f32>, !dlc.tensor<1000 x 512 x f32>, !dlc.tensor<1000 x f32>)
         -> !dlc.tensor<N x 1000 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$lhs, Dlc_Tensor:$rhs, Optional<Dlc_Tensor>:$bias, UnitAttr:$transpose_rhs);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs (`,` $bias^)? (`transpose_rhs` $transpose_rhs^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===-- Windows and reductions ----------------------------------------------------------------------------------------===//

def Dlc_MaxPoolOp : Dlc_Op<"max_pool", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "largest element of each window of the spatial dims";
  let description = [{
    Pads count as smaller than every element; a NaN in a window stays one, as in PyTorch. With `ceil` the last window may reach over the end, as long as it begins
    in the input or in the pads before it.

    Constraints:
    - C1: kernel, strides and dilations have one element for each spatial dim, pads two
    - C2: kernel, strides and dilations are positive and below 2^31, pads not negative and smaller than the (dilated)
      kernel

    Example:
    ```mlir
    %0 = dlc.max_pool %input kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1]
       : (!dlc.tensor<N x 64 x 112 x 112 x f32>) -> !dlc.tensor<N x 64 x 56 x 56 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, UnitAttr:$ceil);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input `kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations (`ceil` $ceil^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Dlc_ReduceOp : Dlc_Op<"reduce", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "sum, mean, max or min over some dims";
  let description = [{
    `axes` count from the first dim, negative ones from the last; the dims become 1, or vanish without `keep_dims`. The
    mean over no elements is a NaN, and a NaN stays one.

    Constraints:
    - C1: axes are dims of the input, each once

    Example:
    ```mlir
    %0 = dlc.reduce mean %input axes [2, 3] keep_dims
       : (!dlc.tensor<N x 512 x 7 x 7 x f32>) -> !dlc.tensor<N x 512 x 1 x 1 x f32>
    ```
  }];
  let arguments = (ins Dlc_ReduceKindAttr:$kind, Dlc_Tensor:$input, DenseI64ArrayAttr:$axes, UnitAttr:$keep_dims);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $kind $input `axes` $axes (`keep_dims` $keep_dims^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// The axes counted from the first dim, in ascending order; nothing where C1 does not hold.
    std::optional<::llvm::SmallVector<int64_t>> getSortedAxes();
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

//===-- Elementwise ---------------------------------------------------------------------------------------------------===//

class Dlc_ElementwiseOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_Op<opMnemonic, [Pure, Dlc_SameElementType, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>,
                          DeclareOpInterfaceMethods<Dlc_ElementwiseInterface>] # traits> {
  let results = (outs Dlc_Tensor:$result);
}

class Dlc_BinaryOp<string opMnemonic, string what> : Dlc_ElementwiseOp<opMnemonic> {
  let summary = what;
  let description = [{
    Operands broadcast against each other as in numpy.

    Constraints:
    - C1: operands and result have the same element type
  }];
  let arguments = (ins Dlc_Tensor:$lhs, Dlc_Tensor:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Dlc_AddOp : Dlc_BinaryOp<"add", "sum">;
def Dlc_SubOp : Dlc_BinaryOp<"sub", "difference">;
def Dlc_MulOp : Dlc_BinaryOp<"mul", "product">;
def Dlc_DivOp : Dlc_BinaryOp<"div", "quotient">;

class Dlc_UnaryOp<string opMnemonic, string what> : Dlc_ElementwiseOp<opMnemonic> {
  let summary = what;
  let arguments = (ins Dlc_Tensor:$input);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Dlc_ErfOp : Dlc_UnaryOp<"erf", "error function">;
def Dlc_ExpOp : Dlc_UnaryOp<"exp", "e to the power of the input">;
def Dlc_NegOp : Dlc_UnaryOp<"neg", "the input with the other sign">;
def Dlc_SigmoidOp : Dlc_UnaryOp<"sigmoid", "1 / (1 + exp(-input))">;
def Dlc_SqrtOp : Dlc_UnaryOp<"sqrt", "square root; a NaN below zero">;
def Dlc_TanhOp : Dlc_UnaryOp<"tanh", "hyperbolic tangent">;

def Dlc_LeakyReluOp : Dlc_ElementwiseOp<"leaky_relu"> {
  let summary = "the input, times alpha where it is negative";
  let arguments = (ins Dlc_Tensor:$input, F32Attr:$alpha);
  let assemblyFormat = "$input `alpha` $alpha attr-dict `:` functional-type(operands, results)";
}

def Dlc_ReluOp : Dlc_UnaryOp<"relu", "max(input, 0); a NaN stays one">;

def Dlc_ClipOp : Dlc_ElementwiseOp<"clip", [AttrSizedOperandSegments]> {
  let summary = "min(max(input, low), high); a NaN stays one";
  let description = [{
    A bound that is absent does not limit. Where low > high every element becomes high.

    Constraints:
    - C1: bounds have rank 0
    - C2: operands and result have the same element type

    Example:
    ```mlir
    %0 = dlc.clip %input low %zero high %max
       : (!dlc.tensor<N x f32>, !dlc.tensor<f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Optional<Dlc_Tensor>:$low, Optional<Dlc_Tensor>:$high);
  let assemblyFormat = [{
    $input (`low` $low^)? (`high` $high^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===-- Resize --------------------------------------------------------------------------------------------------------===//

def Dlc_ResizeOp : Dlc_Op<"resize", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface>]> {
  let summary = "cubic interpolation of the last two dims";
  let description = [{
    ONNX Resize with mode "cubic": Keys' kernel with coefficient `cubic_coeff` over four neighbours in each direction;
    neighbours outside of the input take the nearest inside. `scales` has one factor for each dim; each output dim is
    floor(dim * scale).

    Constraints:
    - C1: scales are a constant of one positive, finite element for each dim of the input
    - C2: all scales but the last two are 1
    - C3: the scale of a dim that is no constant has at most 8 fractional bits

    Example:
    ```mlir
    %0 = dlc.resize %input, %scales coordinates half_pixel cubic_coeff -0.75
       : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<1 x 3 x 3*H x 3*W x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input, Dlc_Tensor:$scales, Dlc_ResizeCoordinatesAttr:$coordinates,
                       F32Attr:$cubic_coeff);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $scales `coordinates` $coordinates `cubic_coeff` $cubic_coeff attr-dict
    `:` functional-type(operands, results)
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
  let summary = "a dense buffer as one of another shape";
  let description = [{
    Constraints:
    - C1: both buffers are dense and have the same size
  }];
  let arguments = (ins Dlc_Buffer:$source);
  let results = (outs Dlc_Buffer:$buffer);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($buffer)";
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
