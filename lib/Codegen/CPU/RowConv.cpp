// Convolution with vectors of neighbouring pixels, for few output channels: a step of the reduction
// multiplies vectors of input pixels with one broadcast weight of each channel. Input and output
// are planar.

#include "ConvKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace dlc;

namespace {
/// A tile of row.channels times `vectors` vectors of pixels from `w` on; `mask` are the pixels that
/// exist, where not all do.
struct Tile {
  const ConvKernel::Row &row;
  Value w;
  int64_t vectors;
  Value mask;
};
} // namespace

/// The input pixels of vector `vector` of a tile. Where they do not lie side by side, they are
/// gathered.
static Value loadPixels(KernelBuilder &b, ConvKernel &kernel, const Tile &tile,
                        const ConvKernel::Tap &tap, int64_t vector) {
  int64_t lanes = b.getLanes(), stride = kernel.strides[1], first = vector * lanes * stride;
  Value mask = tile.mask, places;
  if (stride != 1) {
    SmallVector<int32_t> numbers;
    for (int64_t lane = 0; lane != lanes; ++lane)
      numbers.push_back(static_cast<int32_t>(lane * stride));
    places = arith::ConstantOp::create(
        b, DenseElementsAttr::get(b.getIndexVectorType(), ArrayRef<int32_t>(numbers)));
  }
  if (tap.left) {
    Value left = b.add(tap.left, first), width = kernel.getBufferWidth(b);
    Value inside = places ? b.insideMask(places, left, width) : b.laneMask(left, width);
    mask = mask ? b.both(mask, inside) : inside;
  }
  Value address = b.offset(tap.input, first);
  return places ? b.gather(address, places, mask) : b.loadVector(address, mask);
}

/// Accumulators are sums[channel * vectors + vector].
static KernelBuilder::Carried emitStep(KernelBuilder &b, ConvKernel &kernel, const Tile &tile,
                                       const ConvKernel::Tap &tap, ValueRange sums) {
  SmallVector<Value> factors;
  for (int64_t channel = 0; channel != tile.row.channels; ++channel)
    factors.push_back(b.splat(b.loadScalar(b.offset(tap.weights, channel))));
  KernelBuilder::Carried next(sums.size());
  for (int64_t vector = 0; vector != tile.vectors; ++vector) {
    Value pixels = loadPixels(b, kernel, tile, tap, vector);
    for (int64_t i = vector, channel = 0; channel != tile.row.channels;
         ++channel, i += tile.vectors)
      next[i] = b.fma(pixels, factors[channel], sums[i]);
  }
  return next;
}

static void emitTile(KernelBuilder &b, ConvKernel &kernel, const Tile &tile, bool clip) {
  const ConvKernel::Row &row = tile.row;
  int64_t lanes = b.getLanes();
  SmallVector<Value> inits;
  for (int64_t channel = 0; channel != row.channels; ++channel) {
    Value start = b.splat(0.0f);
    if (kernel.bias)
      start = b.splat(b.loadScalar(b.offset(kernel.bias, kernel.getChannel(b, row, channel))));
    inits.append(tile.vectors, start);
  }
  ConvKernel::Window window = kernel.getWindow(b, row, tile.w, clip);
  SmallVector<Value> sums =
      kernel.reduce(b, row, window, inits, [&](const ConvKernel::Tap &tap, ValueRange sums) {
        return emitStep(b, kernel, tile, tap, sums);
      });
  for (auto [index, sum] : llvm::enumerate(sums)) {
    Value channel = kernel.getChannel(b, row, index / tile.vectors);
    auto place = [&](const Image &image) {
      return b.offset(b.getElement(image, row.n, channel, row.h, tile.w),
                      index % tile.vectors * lanes);
    };
    Value value = kernel.emitEpilogue(
        b, sum, [&](const Image &image) { return b.loadVector(place(image), tile.mask); });
    b.store(value, place(kernel.output), tile.mask);
  }
}

static void emitTile(KernelBuilder &b, ConvKernel &kernel, const Tile &tile) {
  auto emit = [&](bool clip) { emitTile(b, kernel, tile, clip); };
  Value inside = kernel.isInside(b, tile.w, tile.vectors * b.getLanes());
  if (inside)
    b.either(inside, [&] { emit(false); }, [&] { emit(true); });
  else
    emit(false);
}

static LogicalResult verify(ConvKernel &kernel, int64_t lanes) {
  if (!isa<ConvOp>(kernel.anchor) || kernel.input.block != 1 || kernel.output.block != 1)
    return kernel.anchor->emitError("expected a convolution with planar input and output");
  if (kernel.strides[1] * lanes > std::numeric_limits<int32_t>::max())
    return kernel.anchor->emitError("expected a smaller stride, found ") << kernel.strides[1];
  return success();
}

LogicalResult dlc::emitRowConv(KernelBuilder &b) {
  FailureOr<ConvKernel> kernel = ConvKernel::create(b);
  if (failed(kernel) || failed(verify(*kernel, b.getLanes())))
    return failure();
  int64_t lanes = b.getLanes();
  kernel->emitRows(b, [&](const ConvKernel::Row &row) {
    Value width = kernel->output.width;
    Value end = b.loopOverTiles(width, b.getSchedule().getPixels(), [&](Value w, int64_t pixels) {
      emitTile(b, *kernel, {row, w, pixels / lanes, /*mask=*/Value()});
    });
    b.loop(end, width, lanes,
           [&](Value w) { emitTile(b, *kernel, {row, w, 1, b.laneMask(b.sub(width, w))}); });
  });
  return success();
}
