// Flatten, Reshape: of elements of any type.

#include "OpTable.h"

using namespace mlir;
using namespace dlc;

static Type getElementType(OnnxNode &node) {
  return cast<PlannedType>(node.getInput(0).getType()).getElementType();
}

LogicalResult dlc::importFlatten(OnnxNode &node) {
  return node.createOp<FlattenOp>(getElementType(node), node.getInput(0),
                                  static_cast<uint64_t>(node.getInt("axis", 1)));
}

LogicalResult dlc::importReshape(OnnxNode &node) {
  FailureOr<bool> allowZero = node.getFlag("allowzero", false);
  // What its elements mean is known once the rank of the data is.
  FailureOr<SmallVector<int64_t>> shape = node.getConstantInts(1);
  if (failed(allowZero) || failed(shape))
    return failure();
  return node.createOp<ReshapeOp>(getElementType(node), node.getInput(0), node.getInput(1),
                                  *allowZero);
}
