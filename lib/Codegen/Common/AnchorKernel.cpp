#include "AnchorKernel.h"

#include "dlc/IR/Emitters.h"

using namespace mlir;
using namespace dlc;

/// An elementwise op may read what the kernel computes from the prologue's result on, constants,
/// and buffers like the result.
LogicalResult AnchorKernel::matchEpilogue(ElementwiseOpInterface op,
                                          const SetVector<Value> &computed) {
  for (Value operand : op->getOperands()) {
    if (computed.contains(operand) || getImmediate(operand))
      continue;
    bool isKnown = operand.getDefiningOp<ReadOp>() || (prologue && operand == prologue);
    Value whole = shuffle ? shuffle->to : anchor->getResult(0);
    if (!isKnown || operand.getType() != whole.getType())
      return op->emitError("expected operands that the kernel computes, constants of one element "
                           "or buffers of the result's shape");
    operands.push_back(operand);
  }
  epilogue.push_back(op);
  return success();
}

/// The shuffle is known with its last op. What has been read before it does not lie as the result.
LogicalResult AnchorKernel::matchMove(Operation *op, SetVector<Value> &computed) {
  std::optional<PixelShuffle> found = matchPixelShuffle(op);
  if (!found)
    return success();
  if (shuffle || found->from != computed.back() || !operands.empty())
    return op->emitError("expected one pixel shuffle of values that the kernel computes");
  shuffle = found;
  computed.insert(shuffle->to);
  return success();
}

LogicalResult AnchorKernel::matchWrite(WriteOp write, const SetVector<Value> &computed) {
  bool isResult = !output && write.getValue() == computed.back();
  if (!isResult && (prologueOutput || !prologue || write.getValue() != prologue))
    return write.emitError("expected to write the last value of the kernel, or what its anchor "
                           "reads, once each");
  (isResult ? output : prologueOutput) = write.getBuffer();
  return success();
}

LogicalResult AnchorKernel::match(KernelBuilder &b, function_ref<bool(Operation *)> isAnchor,
                                  bool takesShuffle) {
  SetVector<Value> computed;
  SmallVector<Operation *> before;
  for (Operation &op : b.getSource().getBody().front()) {
    if (isa<ReadOp, ConstantOp, func::ReturnOp>(op))
      continue;
    if (!anchor && isAnchor(&op)) {
      anchor = &op;
      computed.insert(op.getResult(0));
      if (auto conv = dyn_cast<ConvOp>(op))
        windows = matchPlaneWindows(conv.getInput());
      if (windows)
        llvm::erase_if(before,
                       [&](Operation *move) { return llvm::is_contained(windows->moves, move); });
      if (!before.empty() && takesPrologue(anchor) &&
          llvm::is_contained(before, op.getOperand(0).getDefiningOp()))
        prologue = op.getOperand(0);
      else if (!before.empty())
        return before.front()->emitError("expected nothing in front of the anchor of this kernel");
    } else if (auto elementwise = dyn_cast<ElementwiseOpInterface>(op); elementwise && anchor) {
      if (failed(matchEpilogue(elementwise, computed)))
        return failure();
      computed.insert(op.getResult(0));
    } else if (takesShuffle && anchor && isa<ViewOp, TransposeOp>(op)) {
      if (failed(matchMove(&op, computed)))
        return failure();
    } else if (!anchor && (isPrologue(&op) || isa<ViewOp, PadOp, SliceOp, ConcatOp>(op))) {
      before.push_back(&op);
    } else if (auto write = dyn_cast<WriteOp>(op); write && anchor) {
      if (failed(matchWrite(write, computed)))
        return failure();
    } else {
      return op.emitError("expected an anchor, elementwise ops and one write in this kernel");
    }
  }
  if (!anchor || !output)
    return b.getSource().emitError("expected a kernel with an anchor and a write");
  return success();
}

FailureOr<Value> AnchorKernel::getBuffer(Value operand) const {
  if (!operand)
    return Value();
  auto read = operand.getDefiningOp<ReadOp>();
  if (!read)
    return anchor->emitError("expected operands that are read from buffers");
  return Value(read.getBuffer());
}

LogicalResult AnchorKernel::getBuffers(Buffers operands) const {
  for (auto [operand, buffer] : operands) {
    FailureOr<Value> found = getBuffer(operand);
    if (failed(found))
      return failure();
    *buffer = *found;
  }
  return success();
}

LogicalResult AnchorKernel::getAddresses(KernelBuilder &b, Buffers operands) const {
  if (failed(getBuffers(operands)))
    return failure();
  for (auto [operand, address] : operands)
    if (*address)
      *address = b.getAddress(*address);
  return success();
}

Value AnchorKernel::emitEpilogue(KernelBuilder &b, Value sum,
                                 function_ref<Value(size_t)> load) const {
  DenseMap<Value, Value> values;
  values[anchor->getResult(0)] = sum;
  for (auto [index, operand] : llvm::enumerate(operands))
    values[operand] = load(index);
  Value last = sum;
  for (ElementwiseOpInterface op : epilogue) {
    SmallVector<Value> arguments;
    for (Value operand : op->getOperands()) {
      Value known = values.lookup(shuffle && operand == shuffle->to ? shuffle->from : operand);
      arguments.push_back(known ? known : b.fill(sum.getType(), *getImmediate(operand)));
    }
    last = values[op->getResult(0)] = op.emitScalar(b, op.getLoc(), arguments);
  }
  return last;
}
