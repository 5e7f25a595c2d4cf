// The ops, by banner: constants, convolution, elementwise, resize, boxes, buffers and launches.
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
    - C3: strides and dilations are positive, pads are not negative
    - C4: filter channels * group equal input channels
    - C5: output channels are a multiple of group
    - C6: bias has one element for each output channel

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

def Dlc_ReluOp : Dlc_ElementwiseOp<"relu"> {
  let summary = "max(input, 0); a NaN stays one";
  let arguments = (ins Dlc_Tensor:$input);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

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

def Dlc_YieldOp : Dlc_Op<"yield", [Pure, Terminator, HasParent<"KernelOp">]> {
  let summary = "ends a box with its results";
  let arguments = (ins Variadic<Dlc_Tensor>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

//===-- Buffers and launches ------------------------------------------------------------------------------------------===//

def Dlc_AllocOp : Dlc_Op<"alloc", [Pure]> {
  let summary = "a buffer that has no place yet";
  let results = (outs Dlc_Buffer:$buffer);
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
    Calls kernel function `kernel` for the tasks 0 to `tasks` - 1. Buffers stand in the order of its arguments.

    Example:
    ```mlir
    dlc.launch @relu tasks <N> (%0, %1)
      : !dlc.buffer<!dlc.tensor<N x 8 x f32>>, !dlc.buffer<!dlc.tensor<N x 8 x f32>>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Dlc_ExprAttr:$tasks, Variadic<Dlc_Buffer>:$buffers);
  let assemblyFormat = "$kernel `tasks` $tasks `(` $buffers `)` attr-dict `:` type($buffers)";
}

def Dlc_ReadOp : Dlc_Op<"read", [Pure]> {
  let summary = "the value that a buffer holds, inside a kernel function";
  let description = [{
    Constraints:
    - C1: the result is the buffer's tensor without layout
  }];
  let arguments = (ins Dlc_Buffer:$buffer);
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
  let arguments = (ins Dlc_Tensor:$value, Dlc_Buffer:$buffer);
  let assemblyFormat = "$value `,` $buffer attr-dict `:` type($value) `,` type($buffer)";
  let hasVerifier = 1;
}

#endif
