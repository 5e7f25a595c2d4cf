// Convolution with vectors of neighbouring pixels, for few output channels: a step of the reduction
// multiplies vectors of input pixels with one broadcast weight of each channel. Rows of a tile
// share what they load. Input and output are planar.

#include "ConvKernel.h"
#include "EmitKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

using namespace mlir;
using namespace dlc;

namespace {
/// A tile of `rows` rows from row.h on and row.channels, times `vectors` vectors of pixels from `w`
/// on; `mask` are the pixels that exist, where not all do. Its sums are
/// sums[(row * channels + channel) * vectors + vector].
struct Tile {
  const ConvKernel::Row &row;
  int64_t rows;
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

/// Fetches what the tile after the next one reads of a row: rows of many planes are more streams
/// than a CPU follows.
static void prefetchPixels(KernelBuilder &b, ConvKernel &kernel, const Tile &tile, Value input) {
  int64_t pixels = tile.vectors * b.getLanes() * kernel.strides[1];
  b.prefetch(b.offset(input, 2 * pixels), pixels);
}

/// The weights of a tap for all channels of a panel, in all lanes.
static SmallVector<Value> loadWeights(KernelBuilder &b, const Tile &tile, Value weights) {
  SmallVector<Value> factors;
  for (int64_t channel = 0; channel != tile.row.channels; ++channel)
    factors.push_back(b.splat(b.loadScalar(b.offset(weights, channel))));
  return factors;
}

/// Adds a tap's product with vector `vector` of a row of pixels to the sums of a row of the tile.
static void addVector(KernelBuilder &b, const Tile &tile, int64_t vector, Value pixels,
                      ArrayRef<Value> factors, MutableArrayRef<Value> sums) {
  for (auto [channel, factor] : llvm::enumerate(factors)) {
    Value &sum = sums[channel * tile.vectors + vector];
    sum = b.fma(pixels, factor, sum);
  }
}

/// Adds a column of the filter to the rows of a tile, which share what is loaded of the input.
static KernelBuilder::Carried emitColumn(KernelBuilder &b, ConvKernel &kernel, const Tile &tile,
                                         const ConvKernel::Tap &tap, ValueRange sums) {
  int64_t channels = tile.row.channels, stride = kernel.strides[0], dilation = kernel.dilations[0];
  int64_t weightsPitch = kernel.kernelWidth * kernel.panels.getOutputs();
  SmallVector<SmallVector<Value>> factors;
  for (int64_t ky = 0; ky != kernel.kernelHeight; ++ky)
    factors.push_back(loadWeights(b, tile, b.offset(tap.weights, ky * weightsPitch)));
  KernelBuilder::Carried next = llvm::to_vector(sums);
  int64_t rowSums = channels * tile.vectors;
  int64_t extent = (tile.rows - 1) * stride + (kernel.kernelHeight - 1) * dilation + 1;
  for (int64_t y = 0; y != extent; ++y)
    for (int64_t vector = 0; vector != tile.vectors; ++vector) {
      Value pixels;
      for (int64_t r = 0; r != tile.rows; ++r) {
        int64_t distance = y - r * stride;
        if (distance < 0 || distance % dilation != 0 || distance / dilation >= kernel.kernelHeight)
          continue;
        if (!pixels) {
          Value input = b.offset(tap.input, b.mul(kernel.input.rowPitch, y));
          pixels = loadPixels(b, kernel, tile, {input, tap.weights, tap.left}, vector);
        }
        addVector(b, tile, vector, pixels, factors[distance / dilation],
                  MutableArrayRef(next).slice(r * rowSums, rowSums));
      }
    }
  return next;
}

/// The sums of a tile of several rows, column of the filter by column.
static KernelBuilder::Carried reduceRows(KernelBuilder &b, ConvKernel &kernel, const Tile &tile,
                                         const ConvKernel::Window &window, ValueRange inits) {
  int64_t outputs = kernel.panels.getOutputs();
  int64_t channelElements = kernel.kernelHeight * kernel.kernelWidth * outputs;
  Value panel =
      b.offset(kernel.filter, b.mul(tile.row.group, kernel.inputChannels * channelElements));
  int64_t channels = kernel.getPlaneChannels();
  auto emitPlane = [&](Value start, Value filter, ValueRange sums) -> KernelBuilder::Carried {
    return b.loop(b.i64(0), b.i64(channels), 1, sums, [&](Value channel, ValueRange carried) {
      Value input = b.offset(start, b.mul(channel, kernel.input.planePitch));
      Value weights = b.offset(filter, b.mul(channel, channelElements));
      for (int64_t row = 0; row != tile.rows; ++row)
        prefetchPixels(b, kernel, tile,
                       b.offset(input, b.mul(kernel.input.rowPitch, row * kernel.strides[0])));
      return b.loop(b.i64(0), b.i64(kernel.kernelWidth), 1, carried,
                    [&](Value kx, ValueRange carried) {
                      ConvKernel::Tap tap;
                      tap.input = b.offset(input, b.mul(kx, kernel.dilations[1]));
                      tap.weights = b.offset(weights, b.mul(kx, outputs));
                      return emitColumn(b, kernel, tile, tap, carried);
                    });
    });
  };
  return kernel.sumPlanes(b, window, panel, channels * channelElements, inits, emitPlane);
}

static void storeTile(KernelBuilder &b, ConvKernel &kernel, const Tile &tile, ValueRange sums) {
  int64_t channels = tile.row.channels;
  for (auto [index, sum] : llvm::enumerate(sums)) {
    int64_t vector = static_cast<int64_t>(index) % tile.vectors;
    int64_t line = static_cast<int64_t>(index) / tile.vectors;
    Value channel = kernel.getChannel(b, tile.row, line % channels);
    Value h = b.add(tile.row.h, line / channels);
    auto place = [&](const Image &image) {
      return b.offset(b.getElement(image, tile.row.n, channel, h, tile.w), vector * b.getLanes());
    };
    Value value = kernel.emitEpilogue(
        b, sum, [&](const Image &image) { return b.loadVector(place(image), tile.mask); });
    b.store(value, place(kernel.output), tile.mask);
  }
}

static void emitTile(KernelBuilder &b, ConvKernel &kernel, const Tile &tile, bool clip) {
  const ConvKernel::Row &row = tile.row;
  SmallVector<Value> inits;
  for (int64_t channel = 0; channel != row.channels; ++channel) {
    Value start = b.splat(0.0f);
    if (kernel.bias)
      start = b.splat(b.loadScalar(b.offset(kernel.bias, kernel.getChannel(b, row, channel))));
    inits.append(tile.vectors, start);
  }
  ConvKernel::Window window = kernel.getWindow(b, row, tile.w, tile.vectors * b.getLanes(), clip);
  if (tile.rows != 1) {
    SmallVector<Value> all;
    for (int64_t r = 0; r != tile.rows; ++r)
      all.append(inits);
    return storeTile(b, kernel, tile, reduceRows(b, kernel, tile, window, all));
  }
  auto emitStep = [&](const ConvKernel::Tap &tap, ValueRange sums) {
    KernelBuilder::Carried next = llvm::to_vector(sums);
    SmallVector<Value> factors = loadWeights(b, tile, tap.weights);
    if (tap.step == 0)
      prefetchPixels(b, kernel, tile, tap.input);
    for (int64_t vector = 0; vector != tile.vectors; ++vector)
      addVector(b, tile, vector, loadPixels(b, kernel, tile, tap, vector), factors, next);
    return next;
  };
  storeTile(b, kernel, tile, kernel.reduce(b, row, window, kernel.getWhole(b), inits, emitStep));
}

static void emitTile(KernelBuilder &b, ConvKernel &kernel, const Tile &tile) {
  auto emit = [&](bool clip) { emitTile(b, kernel, tile, clip); };
  Value inside = kernel.isInside(b, tile.w, tile.vectors * b.getLanes());
  if (inside)
    b.either(inside, [&] { emit(false); }, [&] { emit(true); });
  else
    emit(false);
}

static void emitTiles(KernelBuilder &b, ConvKernel &kernel, const ConvKernel::Row &row,
                      int64_t rows) {
  int64_t lanes = b.getLanes();
  Value width = kernel.width;
  Value end = b.loopOverTiles(width, b.getSchedule().getPixels(), [&](Value w, int64_t pixels) {
    emitTile(b, kernel, {row, rows, w, pixels / lanes, /*mask=*/Value()});
  });
  b.loop(end, width, lanes,
         [&](Value w) { emitTile(b, kernel, {row, rows, w, 1, b.laneMask(b.sub(width, w))}); });
}

/// The rows of a whole band are one tile high, where no window is clipped; others are computed one
/// by one.
static void emitBand(KernelBuilder &b, ConvKernel &kernel, const ConvKernel::Row &band,
                     Value rows) {
  int64_t tileRows = b.getSchedule().getRows();
  auto emitRows = [&] {
    ConvKernel::forEachRow(b, band, rows,
                           [&](const ConvKernel::Row &row) { emitTiles(b, kernel, row, 1); });
  };
  if (tileRows == 1 || kernel.clipsWindows())
    return emitRows();
  b.either(b.equal(rows, b.i64(tileRows)), [&] { emitTiles(b, kernel, band, tileRows); }, emitRows);
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
  kernel->emitTask(
      b, [&](const ConvKernel::Row &band, Value rows) { emitBand(b, *kernel, band, rows); });
  return success();
}
