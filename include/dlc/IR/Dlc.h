// The dlc dialect: the one header that clients include.
#ifndef DLC_IR_DLC_H
#define DLC_IR_DLC_H

#include "dlc/Support/SourceFiles.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dlc/IR/DlcDialect.h.inc"
#include "dlc/IR/DlcEnums.h.inc"

namespace dlc {
class ExprAttr;
class ImageLayoutAttr;
class PlannedType;
class HandleType;
class ShapeContext;
class YieldOp;

llvm::LogicalResult verifySameElementType(mlir::Operation *op);
llvm::LogicalResult verifySameOperandElementType(mlir::Operation *op);

/// Ops whose operands and results are planned values of one element type.
template <typename ConcreteOp>
class SameElementType : public mlir::OpTrait::TraitBase<ConcreteOp, SameElementType> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) { return verifySameElementType(op); }
};

/// Ops whose operands are planned values of one element type.
template <typename ConcreteOp>
class SameOperandElementType : public mlir::OpTrait::TraitBase<ConcreteOp, SameOperandElementType> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifySameOperandElementType(op);
  }
};

/// f16, bf16, f32 and f64.
bool isFloat(mlir::Type elementType);
/// Floats, and integers that are not unsigned.
bool isSignedNumber(mlir::Type elementType);
/// Floats and integers of 8 to 64 bits.
bool isNumber(mlir::Type elementType);
bool isBool(mlir::Type elementType);
/// Integers of 8 to 64 bits.
bool isInteger(mlir::Type elementType);
/// Integers and bools.
bool isBits(mlir::Type elementType);

/// The type of an element while it is computed with: small floats as f32, integers without a sign.
mlir::Type getScalarType(mlir::Type elementType);
/// The type of an element in memory, of whole bytes: small floats and i1 as integers.
mlir::Type getStoredType(mlir::Type elementType);
/// A scalar or vector type with other elements.
mlir::Type getWithElement(mlir::Type type, mlir::Type elementType);
/// A constant of scalar or vector type `type`, all of whose elements are `value`.
mlir::Value createFill(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);

/// What a value or a buffer of `type` holds; null where that is a handle.
PlannedType getTensor(mlir::Type type);
PlannedType getTensor(mlir::Value value);

/// 1 / (1 + exp(-value)), of a scalar or vector of floats.
mlir::Value createSigmoid(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// Sizes that must be equal, or broadcast, when an op runs, by twos.
using DimPairs = llvm::SmallVector<std::pair<ExprAttr, ExprAttr>, 2>;

/// The type of an elementwise op's result, by numpy's broadcasting.
llvm::LogicalResult inferBroadcast(mlir::Operation *op, llvm::SmallVectorImpl<PlannedType> &types);
/// The dims of all operands that may broadcast to the last ones of the op's result.
DimPairs getBroadcastDims(mlir::Operation *op);
} // namespace dlc

#define GET_ATTRDEF_CLASSES
#include "dlc/IR/DlcAttrs.h.inc"

#include "dlc/IR/ShapeContext.h"

#define GET_TYPEDEF_CLASSES
#include "dlc/IR/DlcOpInterfaces.h.inc"
#include "dlc/IR/DlcTypes.h.inc"
#define GET_OP_CLASSES
#include "dlc/IR/DlcOps.h.inc"

#include "dlc/IR/Expr.h"
#include "dlc/IR/Layout.h"

namespace dlc {

/// The first op of type `Op` in the body of `box`, or null.
template <typename Op> Op getFirst(KernelOp box) {
  auto ops = box.getBody().template getOps<Op>();
  return ops.empty() ? Op() : *ops.begin();
}

} // namespace dlc

#endif
