// The generated parts of the ops.
#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace dlc;

void ConstantOp::build(OpBuilder &builder, OperationState &state, TypedAttr element) {
  auto scalar = RankedTensorType::get({}, element.getType());
  build(builder, state, PlannedType::get(ArrayRef<ExprAttr>(), element.getType()),
        DenseElementsAttr::get(scalar, Attribute(element)));
}

WeightAttr ConstantOp::getWeight() {
  if (auto weight = dyn_cast<WeightAttr>(getValue()))
    return weight;
  auto dense = cast<DenseElementsAttr>(getValue());
  return WeightAttr::get(getContext(), dense, dense.getType().getShape(), dense.getElementType(),
                         {});
}

YieldOp KernelOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

#include "dlc/IR/DlcOpInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dlc/IR/DlcOps.cpp.inc"
