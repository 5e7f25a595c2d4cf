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

/// Ops whose operands and results are planned values of one element type.
template <typename ConcreteOp>
class SameElementType : public mlir::OpTrait::TraitBase<ConcreteOp, SameElementType> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) { return verifySameElementType(op); }
};
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

#endif
