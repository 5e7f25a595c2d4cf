#include "ConvDepths.h"

using namespace mlir;
using namespace dlc;

ConvDepths::ConvDepths(Operation *root) {
  SmallVector<Operation *> ops;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    ops.push_back(op);
    return isa<KernelOp>(op) ? WalkResult::skip() : WalkResult::advance();
  });
  // Who reads a value stands behind whoever computes it.
  for (Operation *op : llvm::reverse(ops)) {
    int64_t depth = 0;
    for (Value result : op->getResults())
      depth = std::max(depth, following.lookup(result));
    auto box = dyn_cast<KernelOp>(op);
    ConvOp conv = box ? getFirst<ConvOp>(box) : ConvOp();
    for (OpOperand &operand : op->getOpOperands()) {
      bool isInput =
          conv && conv.getInput() == box.getBody().getArgument(operand.getOperandNumber());
      int64_t &own = following[operand.get()];
      own = std::max(own, depth + (isInput ? 1 : 0));
    }
  }
}
