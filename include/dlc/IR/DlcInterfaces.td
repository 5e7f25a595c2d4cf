// What passes and emitters ask of ops.
#ifndef DLC_IR_INTERFACES_TD
#define DLC_IR_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Dlc_ShapeInferenceInterface : OpInterface<"ShapeInferenceOpInterface"> {
  let cppNamespace = "::dlc";
  let description = "Ops that compute the types of their results from those of their operands.";
  let methods = [
    InterfaceMethod<[{
      Appends the types of all results. Called once all operands have known shapes; emits a located error and fails
      where these are impossible.
    }], "::llvm::LogicalResult", "inferShapes", (ins "::llvm::SmallVectorImpl<::dlc::PlannedType> &":$types)>,
    InterfaceMethod<[{
      Pairs of sizes that must be equal when the op runs: the graph phase guards those that are not known to be. Called
      once all operands and results have known shapes.
    }], "::dlc::DimPairs", "getEqualDims", (ins), "", "return {};">,
    InterfaceMethod<[{
      The sizes of operands that must broadcast when the op runs, each with the size that it must be where it is not 1.
    }], "::dlc::DimPairs", "getBroadcastDims", (ins), "", "return {};">
  ];
}

def Dlc_ResolveInterface : OpInterface<"ResolveOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Ops whose result types depend on the elements of operands. The graph phase replaces them by ops whose attributes
    hold these as expressions.
  }];
  let methods = [
    InterfaceMethod<[{
      Builds the op's replacement, and appends a value for each result. Called once all operands have known shapes; the
      new ops have unknown result types where inference is to find them. Appends nothing where the elements cannot be
      known before the op runs; emits a located error and fails where they are impossible.
    }], "::llvm::LogicalResult", "resolve",
    (ins "::dlc::ShapeContext &":$context, "::mlir::OpBuilder &":$builder,
         "::llvm::SmallVectorImpl<::mlir::Value> &":$values)>
  ];
}

def Dlc_ElementwiseInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::dlc";
  let description = [{
    Ops whose result at an index depends on their operands at that index alone (after broadcasting). The scalar
    semantics of such an op are defined once, here, for all emitters.
  }];
  let methods = [
    InterfaceMethod<[{
      Builds the op on scalars or vectors; `operands` are those of the op, absent ones left out, each of the type that
      `getScalarType` says for its element type.
    }], "::mlir::Value", "emitScalar",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$operands)>
  ];
}

def Dlc_SameElementType : NativeOpTrait<"SameElementType"> {
  let cppNamespace = "::dlc";
}

def Dlc_SameOperandElementType : NativeOpTrait<"SameOperandElementType"> {
  let cppNamespace = "::dlc";
}

#endif
