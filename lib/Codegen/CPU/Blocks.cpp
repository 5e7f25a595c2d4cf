// Elementwise ops on images that lie in blocks of channels: a vector is one block of a pixel.

#include "../Common/Evaluator.h"
#include "Loops.h"

using namespace mlir;
using namespace dlc;

namespace {
class BlockNest {
public:
  BlockNest(KernelBuilder &b, ArrayRef<WriteOp> writes);

  void emit();

private:
  void emitPixel(Value h, Value w);

  KernelBuilder &b;
  Evaluator evaluator;
  SmallVector<WriteOp> writes;
  SmallVector<Image> images; // of each result
  Value n, plane;            // of the task
  Value lanesInside;         // that are channels; null where all are
};
} // namespace

BlockNest::BlockNest(KernelBuilder &b, ArrayRef<WriteOp> writes)
    : b(b), evaluator(b), writes(writes.begin(), writes.end()) {
  for (WriteOp write : this->writes)
    images.push_back(b.getImage(write.getBuffer()));
}

/// Lanes that are no channels are zeros, whatever the ops make of zeros.
void BlockNest::emitPixel(Value h, Value w) {
  Tile tile;
  tile.indices = {{n}, {b.mul(plane, b.getLanes()), 0, 1}, {h}, {w}};
  tile.mask = lanesInside;
  for (auto [write, image] : llvm::zip_equal(writes, images)) {
    Value value = evaluator.evaluate(write.getValue(), tile).front();
    if (lanesInside)
      value = b.select(lanesInside, value, b.splat(0.0f));
    b.store(value, b.offset(image, n, plane, h, w));
  }
}

void BlockNest::emit() {
  const Image &first = images.front();
  Value bands = b.ceilDiv(first.height, b.getSchedule().getRows());
  if (llvm::any_of(images, [](const Image &image) { return image.hasHalo(); }))
    bands = b.max(bands, b.i64(1)); // there is one even without rows
  Value band = b.rem(b.getTask(), bands), block = b.div(b.getTask(), bands);
  plane = b.rem(block, first.planes), n = b.div(block, first.planes);
  Value begin = b.mul(band, b.getSchedule().getRows());
  Value end = b.min(b.add(begin, b.getSchedule().getRows()), first.height);
  ExprAttr channels = writes.front().getValue().getType().getDim(1);
  if (channels.getConstant().value_or(1) % b.getLanes() != 0)
    lanesInside = b.laneMask(b.sub(b.size(channels), b.mul(plane, b.getLanes())));
  for (const Image &image : images)
    b.storeHalo(image, n, plane, begin, end);
  b.loop(begin, end, 1, [&](Value h) {
    b.loopOverTiles(first.width, b.getSchedule().getPixels(), [&](Value w, int64_t pixels) {
      for (int64_t pixel = 0; pixel != pixels; ++pixel)
        emitPixel(h, b.add(w, pixel));
    });
  });
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

static LogicalResult verifyBuffer(KernelBuilder &b, Operation *op, PlannedType type, bool isWhole) {
  if (!type.getElementType().isF32())
    return op->emitError("expected elements of f32 in this kernel, found ") << type;
  auto image = dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  bool isInBlocks = image && image.getBlock() == b.getLanes();
  if (isWhole ? !isInBlocks : type.getLayout() && !image)
    return op->emitError("expected an image in blocks of ")
           << b.getLanes() << " channels, found " << type;
  return success();
}

LogicalResult dlc::emitBlocks(KernelBuilder &b) {
  SmallVector<WriteOp> writes(b.getSource().getOps<WriteOp>());
  if (writes.empty())
    return b.getSource().emitError("expected a kernel that writes a result");
  ArrayRef<ExprAttr> dims = writes.front().getValue().getType().getDims();
  for (Operation &op : b.getSource().getBody().front()) {
    if (auto read = dyn_cast<ReadOp>(op)) {
      PlannedType type = read.getBuffer().getType().getTensor();
      if (failed(verifyBuffer(b, read, type, type.getDims() == dims)))
        return failure();
    } else if (auto write = dyn_cast<WriteOp>(op)) {
      if (write.getValue().getType().getDims() != dims)
        return write.emitError("expected results of one shape in this kernel");
      if (failed(verifyBuffer(b, write, write.getBuffer().getType().getTensor(), true)))
        return failure();
    } else if (!isa<ConstantOp, ElementwiseOpInterface, func::ReturnOp>(op)) {
      return op.emitError("expected elementwise ops in this kernel");
    }
  }
  BlockNest(b, writes).emit();
  return success();
}
