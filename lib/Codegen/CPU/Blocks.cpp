// Elementwise ops on images that lie in blocks of channels, and resizes of them, where a vector is
// one block of a pixel; and copies of images into and out of blocks.

#include "Blocks.h"
#include "../Common/LoopKernel.h"
#include "EmitKernels.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

Band dlc::getBand(KernelBuilder &b, ArrayRef<ExprAttr> dims, bool hasHalo) {
  int64_t rows = b.getSchedule().getRows();
  Value height = b.size(dims[2]), planes = b.ceilDiv(b.size(dims[1]), b.getLanes());
  Value bands = b.ceilDiv(height, rows);
  if (hasHalo)
    bands = b.max(bands, b.i64(1));
  Value band = b.rem(b.getTask(), bands), block = b.div(b.getTask(), bands);
  Value begin = b.mul(band, rows);
  return {b.div(block, planes), b.rem(block, planes), begin, b.min(b.add(begin, rows), height)};
}

Value dlc::getLanesInside(KernelBuilder &b, ExprAttr channels, Value plane) {
  if (channels.getConstant().value_or(1) % b.getLanes() == 0)
    return {};
  return b.laneMask(b.sub(b.size(channels), b.mul(plane, b.getLanes())));
}

Value dlc::clearOutside(KernelBuilder &b, Value block, Value lanesInside) {
  return lanesInside ? b.select(lanesInside, block, b.splat(0.0f)) : block;
}

//===----------------------------------------------------------------------===//
// Elementwise ops and resizes
//===----------------------------------------------------------------------===//

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

void BlockNest::emitPixel(Value h, Value w) {
  Tile tile;
  tile.indices = {{n}, {b.mul(plane, b.getLanes()), 0, 1}, {h}, {w}};
  tile.mask = lanesInside;
  for (auto [write, image] : llvm::zip_equal(writes, images)) {
    Value value = evaluator.evaluate(write.getValue(), tile).front();
    b.store(clearOutside(b, value, lanesInside), b.offset(image, n, plane, h, w));
  }
}

void BlockNest::emit() {
  ArrayRef<ExprAttr> dims = writes.front().getValue().getType().getDims();
  bool hasHalo = llvm::any_of(images, [](const Image &image) { return image.hasHalo(); });
  auto [taskN, taskPlane, begin, end] = getBand(b, dims, hasHalo);
  n = taskN, plane = taskPlane;
  lanesInside = getLanesInside(b, dims[1], plane);
  for (const Image &image : images)
    b.storeHalo(image, n, plane, begin, end);
  auto forEachRow = [&, begin = begin, end = end](function_ref<void(Value h)> emitRow) {
    b.loop(begin, end, 1, emitRow);
  };
  auto forEachTile = [&](function_ref<void(Value w, int64_t pixels)> emitTile) {
    b.loopOverTiles(images.front().width, b.getSchedule().getPixels(), emitTile);
  };
  auto emitTile = [&](Value h, Value w, int64_t pixels) {
    for (int64_t pixel = 0; pixel != pixels; ++pixel)
      emitPixel(h, b.add(w, pixel));
  };
  if (sharesColumns(writes))
    forEachTile(
        [&](Value w, int64_t pixels) { forEachRow([&](Value h) { emitTile(h, w, pixels); }); });
  else
    forEachRow(
        [&](Value h) { forEachTile([&](Value w, int64_t pixels) { emitTile(h, w, pixels); }); });
}

//===----------------------------------------------------------------------===//
// Copies between layouts
//===----------------------------------------------------------------------===//

namespace {
/// Copies an image between blocks of channels and planes: as many pixels as there are lanes are
/// transposed in registers, the rest of a row goes pixel by pixel.
class Reorder {
public:
  Reorder(KernelBuilder &b, ReadOp read, WriteOp write)
      : b(b), input(b.getImage(read.getBuffer())), output(b.getImage(write.getBuffer())),
        dims(write.getValue().getType().getDims()) {}

  void emit();

private:
  void emitToPlanes(Value h, Value w, int64_t pixels);
  void emitToBlocks(Value h, Value w, int64_t pixels);
  void storeHalo(const Band &band);
  Value getChannel(int64_t lane);

  KernelBuilder &b;
  Image input, output;
  ArrayRef<ExprAttr> dims;
  Value n, plane, first, channels, lanesInside; ///< first channel of the task's block
};
} // namespace

/// A channel of the block that exists: of lanes beyond the last one nobody sees what they hold.
Value Reorder::getChannel(int64_t lane) {
  Value channel = b.add(first, lane);
  return lanesInside ? b.min(channel, b.sub(channels, b.i64(1))) : channel;
}

void Reorder::emitToPlanes(Value h, Value w, int64_t pixels) {
  Value zero = b.i64(0), count = b.min(b.sub(channels, first), b.i64(b.getLanes()));
  if (pixels == 1) {
    Value block = b.loadVector(b.offset(input, n, plane, h, w));
    return b.loop(zero, count, 1, [&](Value lane) {
      Value element = vector::ExtractOp::create(b, block, OpFoldResult(b.toIndex(lane)));
      b.store(element, b.offset(output, n, b.add(first, lane), h, w));
    });
  }
  SmallVector<Value> places;
  for (int64_t pixel = 0; pixel != pixels; ++pixel)
    places.push_back(b.offset(input, n, plane, h, b.add(w, pixel)));
  for (auto [lane, row] : llvm::enumerate(b.loadTransposed(places, b.getF32Type()))) {
    auto number = static_cast<int64_t>(lane);
    auto store = [&, row = row] { b.store(row, b.offset(output, n, b.add(first, number), h, w)); };
    if (lanesInside)
      b.onlyIf(b.atMost(b.i64(number + 1), count), store);
    else
      store();
  }
}

void Reorder::emitToBlocks(Value h, Value w, int64_t pixels) {
  SmallVector<Value> blocks;
  if (pixels == 1) {
    Value place = b.offset(input, n, first, h, w);
    blocks = {
        b.gatherElements(place, b.laneMultiples(input.planePitch), b.getF32Type(), lanesInside)};
  } else {
    SmallVector<Value> places;
    for (int64_t lane = 0; lane != b.getLanes(); ++lane)
      places.push_back(b.offset(input, n, getChannel(lane), h, w));
    blocks = b.loadTransposed(places, b.getF32Type());
  }
  for (auto [pixel, block] : llvm::enumerate(blocks))
    b.store(clearOutside(b, block, lanesInside),
            b.offset(output, n, plane, h, b.add(w, static_cast<int64_t>(pixel))));
}

void Reorder::storeHalo(const Band &band) {
  if (output.block != 1)
    return b.storeHalo(output, n, plane, band.begin, band.end);
  Value end = b.min(b.add(first, b.getLanes()), channels);
  b.loop(first, end, 1,
         [&](Value channel) { b.storeHalo(output, n, channel, band.begin, band.end); });
}

void Reorder::emit() {
  Band band = getBand(b, dims, output.hasHalo());
  n = band.n, plane = band.plane, first = b.mul(plane, b.getLanes());
  channels = b.size(dims[1]);
  lanesInside = getLanesInside(b, dims[1], plane);
  storeHalo(band);
  b.loop(band.begin, band.end, 1, [&](Value h) {
    b.loopOverTiles(output.width, b.getSchedule().getPixels(), [&](Value w, int64_t pixels) {
      output.block == 1 ? emitToPlanes(h, w, pixels) : emitToBlocks(h, w, pixels);
    });
  });
}

/// Whether the kernel is a copy from blocks to planes or back.
static bool isReorder(KernelBuilder &b, ArrayRef<WriteOp> writes) {
  auto read = WriteOp(writes.front()).getValue().getDefiningOp<ReadOp>();
  if (writes.size() != 1 || !read || !llvm::hasSingleElement(b.getSource().getOps<ReadOp>()))
    return false;
  auto getBlock = [](Value buffer) -> int64_t {
    auto image = dyn_cast_or_null<ImageLayoutAttr>(getTensor(buffer).getLayout());
    return image ? image.getBlock() : getTensor(buffer).getLayout() ? -1 : 1;
  };
  int64_t from = getBlock(read.getBuffer()), to = getBlock(WriteOp(writes.front()).getBuffer());
  return std::min(from, to) == 1 && std::max(from, to) == b.getLanes() &&
         getTensor(read.getBuffer()).getElementType().isF32();
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

static LogicalResult verifyBlocks(KernelBuilder &b, ArrayRef<WriteOp> writes) {
  ArrayRef<ExprAttr> dims = WriteOp(writes.front()).getValue().getType().getDims();
  for (Operation &op : b.getSource().getBody().front()) {
    if (auto read = dyn_cast<ReadOp>(op)) {
      PlannedType type = read.getBuffer().getType().getTensor();
      bool isResized = llvm::any_of(read->getUsers(), [&](Operation *user) {
        return isa<ResizeOp>(user) && user->getOperand(0) == read;
      });
      if (failed(verifyBuffer(b, read, type, isResized || type.getDims() == dims)))
        return failure();
    } else if (auto write = dyn_cast<WriteOp>(op)) {
      if (write.getValue().getType().getDims() != dims)
        return write.emitError("expected results of one shape in this kernel");
      if (failed(verifyBuffer(b, write, write.getBuffer().getType().getTensor(), true)))
        return failure();
    } else if (auto resize = dyn_cast<ResizeOp>(op)) {
      if (llvm::any_of(resize.getResizedDims(), [](const auto &dim) { return dim.dim < 2; }))
        return op.emitError("expected a resize of height and width in this kernel");
      if (failed(verifyResize(resize)))
        return failure();
    } else if (!isa<ConstantOp, ElementwiseOpInterface, func::ReturnOp>(op)) {
      return op.emitError("expected elementwise ops and resizes in this kernel");
    }
  }
  return success();
}

LogicalResult dlc::emitBlocks(KernelBuilder &b) {
  SmallVector<WriteOp> writes(b.getSource().getOps<WriteOp>());
  if (writes.empty())
    return b.getSource().emitError("expected a kernel that writes a result");
  if (isReorder(b, writes)) {
    Reorder(b, writes.front().getValue().getDefiningOp<ReadOp>(), writes.front()).emit();
    return success();
  }
  if (failed(verifyBlocks(b, writes)))
    return failure();
  BlockNest(b, writes).emit();
  return success();
}
