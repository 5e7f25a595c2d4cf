// Ops whose result at an index depends on their operands at that index alone: arithmetic, comparisons, logic, choices and
// conversions. Included by DlcOps.td.
#ifndef DLC_IR_ELEMENTWISEOPS_TD
#define DLC_IR_ELEMENTWISEOPS_TD

//===-- Element types -------------------------------------------------------------------------------------------------===//

class Dlc_TensorOf<string predicate, string what>
    : ConfinedType<Dlc_Tensor, [CPred<predicate # "(::llvm::cast<::dlc::PlannedType>($_self).getElementType())">],
                   "dlc tensor of " # what>;

def Dlc_FloatTensor : Dlc_TensorOf<"::dlc::isFloat", "f16, bf16, f32 or f64">;
def Dlc_SignedTensor : Dlc_TensorOf<"::dlc::isSignedNumber", "floats or signed integers">;
def Dlc_NumberTensor : Dlc_TensorOf<"::dlc::isNumber", "floats or integers">;
def Dlc_BoolTensor : Dlc_TensorOf<"::dlc::isBool", "i1">;
def Dlc_IntegerTensor : Dlc_TensorOf<"::dlc::isInteger", "integers">;
def Dlc_BitsTensor : Dlc_TensorOf<"::dlc::isBits", "i1 or integers">;

//===-- Bases ---------------------------------------------------------------------------------------------------------===//

class Dlc_ElementwiseBase<string opMnemonic, list<Trait> traits = []>
    : Dlc_Op<opMnemonic, [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface, ["getBroadcastDims"]>,
                          DeclareOpInterfaceMethods<Dlc_ElementwiseInterface>] # traits> {
  let results = (outs Dlc_Tensor:$result);
  // The body of emitScalar, of builder, loc and operands, where it is short; else DlcElementwise.cpp has it.
  code scalar = "";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(::llvm::SmallVectorImpl<::dlc::PlannedType> &types) {
      return ::dlc::inferBroadcast(*this, types);
    }
    ::dlc::DimPairs $cppClass::getBroadcastDims() { return ::dlc::getBroadcastDims(*this); }
  }] # !if(!empty(scalar), "", [{
    ::mlir::Value $cppClass::emitScalar(::mlir::OpBuilder &builder, ::mlir::Location loc, ::mlir::ValueRange operands) {
      }] # scalar # [{
    }
  }]);
}

class Dlc_ElementwiseOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_ElementwiseBase<opMnemonic, [Dlc_SameElementType] # traits>;

class Dlc_BinaryOp<string opMnemonic, string what, Type operand, string element, string more = "">
    : Dlc_ElementwiseOp<opMnemonic> {
  let summary = what;
  let description = [{
    Operands broadcast against each other as in numpy. }] # more # [{

    Constraints:
    - C1: operands and result have the same element type

    Example:
    ```mlir
    %0 = dlc.}] # opMnemonic # [{ %lhs, %rhs
       : (!dlc.tensor<N x }] # element # [{>, !dlc.tensor<}] # element # [{>) -> !dlc.tensor<N x }] # element # [{>
    ```
  }];
  let arguments = (ins operand:$lhs, operand:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

class Dlc_UnaryOp<string opMnemonic, string what, Type operand, string element, string more = "">
    : Dlc_ElementwiseOp<opMnemonic> {
  let summary = what;
  let description = more # [{

    Constraints:
    - C1: operand and result have the same element type

    Example:
    ```mlir
    %0 = dlc.}] # opMnemonic # [{ %input : (!dlc.tensor<N x }] # element # [{>) -> !dlc.tensor<N x }] # element # [{>
    ```
  }];
  let arguments = (ins operand:$input);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

// A function that is one op of MLIR's math dialect.
class Dlc_MathOp<string opMnemonic, string what, string mathOp> : Dlc_UnaryOp<opMnemonic, what, Dlc_FloatTensor, "f32"> {
  let scalar = "return ::mlir::math::" # mathOp # "::create(builder, loc, operands[0]);";
}

class Dlc_ComparisonOp<string opMnemonic, string what, Type operand>
    : Dlc_ElementwiseBase<opMnemonic, [Dlc_SameOperandElementType]> {
  let summary = what;
  let description = [{
    Operands broadcast against each other as in numpy. Nothing compares with a NaN.

    Constraints:
    - C1: operands have the same element type

    Example:
    ```mlir
    %0 = dlc.}] # opMnemonic # [{ %lhs, %rhs : (!dlc.tensor<N x f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x i1>
    ```
  }];
  let arguments = (ins operand:$lhs, operand:$rhs);
  let results = (outs Dlc_BoolTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

//===-- Arithmetic ----------------------------------------------------------------------------------------------------===//

def Dlc_AddOp : Dlc_BinaryOp<"add", "sum", Dlc_NumberTensor, "f32", "Integers wrap around.">;
def Dlc_SubOp : Dlc_BinaryOp<"sub", "difference", Dlc_NumberTensor, "f32", "Integers wrap around.">;
def Dlc_MulOp : Dlc_BinaryOp<"mul", "product", Dlc_NumberTensor, "f32", "Integers wrap around.">;
def Dlc_DivOp : Dlc_BinaryOp<"div", "quotient", Dlc_NumberTensor, "f32",
  "Quotients of integers are truncated; one by zero is some number, and the least number by -1 is itself.">;
def Dlc_MaxOp : Dlc_BinaryOp<"max", "the larger one", Dlc_NumberTensor, "f32", "A NaN stays one.">;
def Dlc_MinOp : Dlc_BinaryOp<"min", "the smaller one", Dlc_NumberTensor, "f32", "A NaN stays one.">;

def Dlc_ModOp : Dlc_ElementwiseOp<"mod"> {
  let summary = "remainder of a division";
  let description = [{
    With `fmod` the remainder has the sign of `lhs` (C's fmod), else that of `rhs`. The remainder of an integer by zero is
    some number.

    Constraints:
    - C1: operands and result have the same element type

    Example:
    ```mlir
    %0 = dlc.mod %lhs, %rhs fmod : (!dlc.tensor<N x f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x f32>
    ```
  }];
  let arguments = (ins Dlc_NumberTensor:$lhs, Dlc_NumberTensor:$rhs, UnitAttr:$fmod);
  let assemblyFormat = "$lhs `,` $rhs (`fmod` $fmod^)? attr-dict `:` functional-type(operands, results)";
}

def Dlc_PowOp : Dlc_ElementwiseBase<"pow"> {
  let summary = "lhs to the power of rhs";
  let description = [{
    Operands broadcast against each other as in numpy; the exponent may have another element type.

    Constraints:
    - C1: base and result have the same element type

    Example:
    ```mlir
    %0 = dlc.pow %lhs, %rhs : (!dlc.tensor<N x f32>, !dlc.tensor<i32>) -> !dlc.tensor<N x f32>
    ```
  }];
  let arguments = (ins Dlc_NumberTensor:$lhs, Dlc_NumberTensor:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Dlc_AbsOp : Dlc_UnaryOp<"abs", "the input without its sign", Dlc_NumberTensor, "f32",
                            "The least number of an integer type stays what it is.">;
def Dlc_AcosOp : Dlc_MathOp<"acos", "arc cosine; a NaN beyond 1", "AcosOp">;
def Dlc_AcoshOp : Dlc_MathOp<"acosh", "inverse hyperbolic cosine; a NaN below 1", "AcoshOp">;
def Dlc_AsinOp : Dlc_MathOp<"asin", "arc sine; a NaN beyond 1", "AsinOp">;
def Dlc_AsinhOp : Dlc_MathOp<"asinh", "inverse hyperbolic sine", "AsinhOp">;
def Dlc_AtanOp : Dlc_MathOp<"atan", "arc tangent", "AtanOp">;
def Dlc_AtanhOp : Dlc_MathOp<"atanh", "inverse hyperbolic tangent; a NaN beyond 1", "AtanhOp">;
def Dlc_CeilOp : Dlc_MathOp<"ceil", "the least whole number that is not smaller", "CeilOp">;
def Dlc_CosOp : Dlc_MathOp<"cos", "cosine", "CosOp">;
def Dlc_CoshOp : Dlc_MathOp<"cosh", "hyperbolic cosine", "CoshOp">;
def Dlc_ErfOp : Dlc_MathOp<"erf", "error function", "ErfOp">;
def Dlc_ExpOp : Dlc_MathOp<"exp", "e to the power of the input", "ExpOp">;
def Dlc_FloorOp : Dlc_MathOp<"floor", "the largest whole number that is not larger", "FloorOp">;
def Dlc_LogOp : Dlc_UnaryOp<"log", "natural logarithm; a NaN below zero", Dlc_FloatTensor, "f32">;
def Dlc_NegOp : Dlc_UnaryOp<"neg", "the input with the other sign", Dlc_SignedTensor, "f32">;
def Dlc_RoundOp : Dlc_MathOp<"round", "the nearest whole number; of two the even one", "RoundEvenOp">;
def Dlc_SigmoidOp : Dlc_UnaryOp<"sigmoid", "1 / (1 + exp(-input))", Dlc_FloatTensor, "f32">;
def Dlc_SignOp : Dlc_UnaryOp<"sign", "1, or -1 where the input is negative; a zero and a NaN stay what they are",
                             Dlc_NumberTensor, "f32">;
def Dlc_SinOp : Dlc_MathOp<"sin", "sine", "SinOp">;
def Dlc_SinhOp : Dlc_MathOp<"sinh", "hyperbolic sine", "SinhOp">;
def Dlc_SqrtOp : Dlc_MathOp<"sqrt", "square root; a NaN below zero", "SqrtOp">;
def Dlc_TanOp : Dlc_MathOp<"tan", "tangent", "TanOp">;
def Dlc_TanhOp : Dlc_MathOp<"tanh", "hyperbolic tangent", "TanhOp">;
def Dlc_ReluOp : Dlc_UnaryOp<"relu", "max(input, 0); a NaN stays one", Dlc_SignedTensor, "f32">;

def Dlc_LeakyReluOp : Dlc_ElementwiseOp<"leaky_relu"> {
  let summary = "the input, times alpha where it is negative";
  let description = [{
    Constraints:
    - C1: operand and result have the same element type

    Example:
    ```mlir
    %0 = dlc.leaky_relu %input alpha 0.1 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
    ```
  }];
  let arguments = (ins Dlc_FloatTensor:$input, F32Attr:$alpha);
  let assemblyFormat = "$input `alpha` $alpha attr-dict `:` functional-type(operands, results)";
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
  let arguments = (ins Dlc_NumberTensor:$input, Optional<Dlc_NumberTensor>:$low, Optional<Dlc_NumberTensor>:$high);
  let assemblyFormat = [{
    $input (`low` $low^)? (`high` $high^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===-- Comparisons and logic -----------------------------------------------------------------------------------------===//

def Dlc_EqualOp : Dlc_ComparisonOp<"equal", "whether lhs == rhs", Dlc_Tensor>;
def Dlc_GreaterOp : Dlc_ComparisonOp<"greater", "whether lhs > rhs", Dlc_NumberTensor>;
def Dlc_GreaterEqualOp : Dlc_ComparisonOp<"greater_equal", "whether lhs >= rhs", Dlc_NumberTensor>;
def Dlc_LessOp : Dlc_ComparisonOp<"less", "whether lhs < rhs", Dlc_NumberTensor>;
def Dlc_LessEqualOp : Dlc_ComparisonOp<"less_equal", "whether lhs <= rhs", Dlc_NumberTensor>;

def Dlc_IsNanOp : Dlc_ElementwiseBase<"is_nan"> {
  let summary = "whether the input is a NaN";
  let description = [{
    Example:
    ```mlir
    %0 = dlc.is_nan %input : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x i1>
    ```
  }];
  let arguments = (ins Dlc_FloatTensor:$input);
  let results = (outs Dlc_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Dlc_AndOp : Dlc_BinaryOp<"and", "whether both are true; of integers bit by bit", Dlc_BitsTensor, "i1">;
def Dlc_OrOp : Dlc_BinaryOp<"or", "whether one of them is true; of integers bit by bit", Dlc_BitsTensor, "i1">;
def Dlc_XorOp : Dlc_BinaryOp<"xor", "whether just one of them is true; of integers bit by bit", Dlc_BitsTensor, "i1">;
def Dlc_NotOp : Dlc_UnaryOp<"not", "whether the input is false; of an integer all its bits changed", Dlc_BitsTensor, "i1">;

def Dlc_ShiftLeftOp : Dlc_BinaryOp<"shift_left", "the bits of lhs moved up by rhs places", Dlc_IntegerTensor, "ui8",
  "A shift by less than 0 or by all bits and more gives 0.">;
def Dlc_ShiftRightOp : Dlc_BinaryOp<"shift_right", "the bits of lhs moved down by rhs places", Dlc_IntegerTensor, "ui8",
  "The sign of a signed one moves in. A shift by less than 0 or by all bits and more leaves the sign alone: 0 or -1.">;

//===-- Choices and conversions ---------------------------------------------------------------------------------------===//

def Dlc_SelectOp : Dlc_ElementwiseBase<"select"> {
  let summary = "lhs where the condition holds, else rhs";
  let description = [{
    All three operands broadcast against each other as in numpy.

    Constraints:
    - C1: lhs, rhs and result have the same element type

    Example:
    ```mlir
    %0 = dlc.select %condition, %lhs, %rhs
       : (!dlc.tensor<N x i1>, !dlc.tensor<N x i64>, !dlc.tensor<i64>) -> !dlc.tensor<N x i64>
    ```
  }];
  let arguments = (ins Dlc_BoolTensor:$condition, Dlc_Tensor:$lhs, Dlc_Tensor:$rhs);
  let assemblyFormat = "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Dlc_CastOp : Dlc_ElementwiseBase<"cast"> {
  let summary = "the input as another element type";
  let description = [{
    Floats are rounded to the nearest one, of two to the even one; integers wrap around. A float becomes an integer by
    truncation: outside of the integer's range it becomes some number. Only zeros become false.

    Example:
    ```mlir
    %0 = dlc.cast %input : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x ui8>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$input);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif
