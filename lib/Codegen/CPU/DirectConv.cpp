// Direct convolution with vectors of output channels. A tile is some pixels of a row times some
// channels; its accumulators stay in registers over the whole reduction, whose step multiplies one
// broadcast input element of each pixel with a vector of weights. Blocked outputs take the
// accumulators as they are, planar ones their transposition.

#include "ConvKernel.h"
#include "EmitKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
class DirectConv {
public:
  DirectConv(KernelBuilder &b, ConvKernel &kernel)
      : b(b), kernel(kernel), lanes(b.getLanes()), widest(b.getSchedule().getPixels().front()) {
    dividePanels();
  }

  /// Computes `rows` rows from `band` on.
  void emitBand(const ConvKernel::Row &band, Value rows);

private:
  /// Some pixels of a row from `w` on, and their place among the pixels that read a part of a panel
  /// together.
  struct Tile {
    ConvKernel::Row row;
    Value w, place;
    int64_t pixels;
  };
  /// Emits a body for each of some tiles.
  using Body = llvm::function_ref<void(const Tile &tile)>;
  using ForEachTile = llvm::function_ref<void(Body body)>;

  bool joinsRows();
  bool isOneRow();
  Tile getTile(const ConvKernel::Row &band, Value first, Value place, int64_t pixels);
  std::optional<int64_t> countPixels();
  int64_t countRows();
  void dividePanels();
  int64_t countShares(const Tile &tile, int64_t lines);
  void emitTiles(ForEachTile forEachTile);
  void emitTile(const Tile &tile);
  void emitTile(const Tile &tile, bool clip);
  int64_t countVectors(const Tile &tile) { return llvm::divideCeil(tile.row.channels, lanes); }
  Value getPartialSum(const Tile &tile, int64_t pixel, int64_t vector);
  SmallVector<Value> loadStarts(const Tile &tile);
  SmallVector<Value> loadPartialSums(const Tile &tile);
  void storePartialSums(const Tile &tile, ValueRange sums);
  void storeResults(const Tile &tile, ValueRange sums);
  KernelBuilder::Carried emitStep(const Tile &tile, const ConvKernel::Tap &tap, ValueRange sums);
  void prefetch(const Tile &tile, const ConvKernel::Tap &tap);
  Value loadPixel(const ConvKernel::Row &row, const ConvKernel::Tap &tap, int64_t pixel);
  void storePlanar(const ConvKernel::Row &row, Value w, int64_t vector, ArrayRef<Value> pixels);
  void transpose(MutableArrayRef<Value> rows);

  KernelBuilder &b;
  ConvKernel &kernel;
  int64_t lanes;
  int64_t widest;        ///< pixels of a tile
  ConvKernel::Part part; ///< of the reduction
  Value partialSums;     ///< in scratch memory; null where the reduction has one part
  int64_t together = 0;  ///< the most pixels whose sums lie there
};
} // namespace

/// The input element of a pixel of the tile. Outside of the buffer it is a zero: its address is
/// replaced, which costs less than to do without the tile.
Value DirectConv::loadPixel(const ConvKernel::Row &row, const ConvKernel::Tap &tap, int64_t pixel) {
  Value address = kernel.getPixel(b, tap.input, kernel.input, row, pixel, kernel.strides);
  if (tap.left) {
    Value zero =
        b.getGlobal(DenseElementsAttr::get(RankedTensorType::get({1}, b.getF32Type()), 0.0f));
    // As unsigned numbers, columns left of the buffer are far right of it.
    Value inside =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                              b.add(tap.left, pixel * kernel.strides[1]), kernel.getBufferWidth(b));
    address = b.select(inside, address, zero);
  }
  return b.splat(b.loadScalar(address));
}

/// The pixels of a band of the usual height, each row as if whole tiles covered it where they do
/// not run over its end; nothing where that is not known.
std::optional<int64_t> DirectConv::countPixels() {
  IntegerAttr width;
  if (!matchPattern(kernel.width, m_Constant(&width)))
    return std::nullopt;
  return countRows() * (joinsRows() ? width.getInt() : llvm::alignTo(width.getInt(), widest));
}

int64_t DirectConv::countRows() {
  int64_t rows = b.getSchedule().getRows();
  IntegerAttr height;
  return matchPattern(kernel.height, m_Constant(&height)) ? std::min(rows, height.getInt()) : rows;
}

/// Divides a panel that, beside the next one, does not fit a usual L2 cache: some tiles read a part
/// of it, then the next part, and keep their sums in memory meanwhile. A part of a product is whole
/// iterations.
void DirectConv::dividePanels() {
  constexpr int64_t cachedElements = 24 << 10, mostTiles = 32, iteration = 8;
  int64_t slices = kernel.countSlices(), most = mostTiles * widest;
  int64_t pixels = countPixels().value_or(most);
  if (pixels > most && !isOneRow() && !joinsRows())
    pixels /= countRows();
  int64_t parts = llvm::divideCeil(kernel.getPanelElements(), cachedElements);
  part = kernel.getWhole(b);
  if (parts <= 1 || slices == 1 || widest == 1 || pixels <= widest)
    return;
  part.most = llvm::divideCeil(slices, parts);
  if (isa<MatmulOp>(kernel.anchor))
    part.most = llvm::alignTo(part.most, iteration);
  together = llvm::alignTo(std::min(pixels, most), widest);
  partialSums =
      b.getScratch(together * b.getSchedule().getChannels() * static_cast<int64_t>(sizeof(float)));
}

/// How many tiles share the fetching of a part of a panel. Smaller ones than the widest may be
/// alone. Steps over planar inputs each have a prefetch of their own: with none in between, LLVM
/// lets steps that read the same elements share the loads, for which there are too few registers.
int64_t DirectConv::countShares(const Tile &tile, int64_t lines) {
  if (kernel.input.block == 1 || tile.pixels != widest)
    return 1;
  int64_t pixels = partialSums ? together : countPixels().value_or(countRows() * widest);
  int64_t shares = std::clamp<int64_t>(llvm::divideCeil(pixels, widest), 1, lines);
  while (lines % shares != 0)
    --shares;
  return shares;
}

/// Fetches weights from memory while others are multiplied. Memory may be slower than a tile, so
/// several that read the same part of a panel fetch the next one, each some lines of every
/// iteration.
void DirectConv::prefetch(const Tile &tile, const ConvKernel::Tap &tap) {
  constexpr int64_t lineElements = 16;
  // A single pixel uses each weight once, and does nothing meanwhile that could hide a prefetch.
  if (tile.pixels == 1)
    return;
  // Rows of many planes are more streams than a CPU follows.
  if (kernel.input.block == 1 && tap.step == 0)
    b.prefetch(b.offset(tap.input, 2 * lineElements), 1);
  int64_t outputs = kernel.panels.getOutputs();
  int64_t lines = llvm::divideCeil(tap.steps * outputs, lineElements);
  int64_t shares = countShares(tile, lines);
  if (shares == 1)
    return b.prefetch(b.offset(tap.weights, prefetchDistance * outputs), outputs);
  if (tap.step != 0)
    return;
  int64_t share = lines / shares * lineElements;
  int64_t partElements = kernel.getPanelElements() / kernel.countSlices() * part.most;
  Value index = b.div(tile.place, b.i64(widest));
  Value ahead = b.add(b.mul(b.rem(index, b.i64(shares)), share), partElements);
  b.prefetch(b.offset(tap.weights, ahead), share);
}

/// sums[pixel * vectors + vector]
KernelBuilder::Carried DirectConv::emitStep(const Tile &tile, const ConvKernel::Tap &tap,
                                            ValueRange sums) {
  int64_t vectors = sums.size() / tile.pixels;
  SmallVector<Value> factors;
  for (int64_t vector = 0; vector != vectors; ++vector)
    factors.push_back(b.loadVector(b.offset(tap.weights, vector * lanes)));
  prefetch(tile, tap);
  KernelBuilder::Carried next;
  for (int64_t pixel = 0; pixel != tile.pixels; ++pixel) {
    Value element = loadPixel(tile.row, tap, pixel);
    for (Value factor : factors)
      next.push_back(b.fma(element, factor, sums[next.size()]));
  }
  return next;
}

Value DirectConv::getPartialSum(const Tile &tile, int64_t pixel, int64_t vector) {
  int64_t vectors = countVectors(tile);
  return b.offset(b.offset(partialSums, b.mul(tile.place, vectors * lanes)),
                  (pixel * vectors + vector) * lanes);
}

/// The biases of all pixels.
SmallVector<Value> DirectConv::loadStarts(const Tile &tile) {
  SmallVector<Value> ofPixel, starts;
  for (int64_t vector = 0; vector != countVectors(tile); ++vector) {
    Value channel = kernel.getChannel(b, tile.row, vector * lanes);
    ofPixel.push_back(kernel.bias ? b.loadVector(b.offset(kernel.bias, channel)) : b.splat(0.0f));
  }
  for (int64_t pixel = 0; pixel != tile.pixels; ++pixel)
    llvm::append_range(starts, ofPixel);
  return starts;
}

SmallVector<Value> DirectConv::loadPartialSums(const Tile &tile) {
  SmallVector<Value> sums;
  for (int64_t pixel = 0; pixel != tile.pixels; ++pixel)
    for (int64_t vector = 0; vector != countVectors(tile); ++vector)
      sums.push_back(b.loadVector(getPartialSum(tile, pixel, vector)));
  return sums;
}

void DirectConv::storePartialSums(const Tile &tile, ValueRange sums) {
  int64_t vectors = countVectors(tile);
  for (auto [index, sum] : llvm::enumerate(sums)) {
    auto place = static_cast<int64_t>(index);
    b.store(sum, getPartialSum(tile, place / vectors, place % vectors));
  }
}

void DirectConv::storeResults(const Tile &tile, ValueRange sums) {
  int64_t vectors = countVectors(tile);
  for (int64_t vector = 0; vector != vectors; ++vector) {
    SmallVector<Value> results;
    for (int64_t pixel = 0; pixel != tile.pixels; ++pixel)
      results.push_back(sums[pixel * vectors + vector]);
    if (kernel.output.block == 1)
      storePlanar(tile.row, tile.w, vector, results);
    else
      kernel.storeVectors(b, tile.row, tile.w, vector, results);
  }
}

void DirectConv::emitTile(const Tile &tile, bool clip) {
  SmallVector<Value> inits = partialSums ? loadPartialSums(tile) : loadStarts(tile);
  ConvKernel::Window window = kernel.getWindow(b, tile.row, tile.w, tile.pixels, clip);
  SmallVector<Value> sums = kernel.reduce(
      b, tile.row, window, part, inits,
      [&](const ConvKernel::Tap &tap, ValueRange sums) { return emitStep(tile, tap, sums); });
  if (partialSums)
    storePartialSums(tile, sums);
  else
    storeResults(tile, sums);
}

/// Tiles that reach over the sides of the buffer are computed by halves: with an address for each
/// pixel a whole one leaves LLVM too few registers.
void DirectConv::emitTile(const Tile &tile) {
  Value inside = kernel.isInside(b, tile.w, tile.pixels);
  if (!inside)
    return emitTile(tile, /*clip=*/false);
  auto emitHalves = [&] {
    Tile first = tile, second = tile;
    first.pixels = llvm::divideCeil(tile.pixels, 2);
    second.pixels -= first.pixels;
    second.w = b.add(tile.w, first.pixels);
    second.place = b.add(tile.place, first.pixels);
    emitTile(first, /*clip=*/true);
    if (second.pixels != 0)
      emitTile(second, /*clip=*/true);
  };
  b.either(inside, [&] { emitTile(tile, /*clip=*/false); }, emitHalves);
}

/// Whether tiles run over the ends of rows, which have to lie in the buffers whole.
bool DirectConv::joinsRows() {
  IntegerAttr width;
  return kernel.output.block != 1 && matchPattern(kernel.width, m_Constant(&width)) &&
         b.getSchedule().joinsRows(width.getInt()) && !kernel.clipsWindows();
}

/// Whether the rows of a band are one row for the filter: they lie one behind the other.
bool DirectConv::isOneRow() {
  auto isDense = [](const Image &image) { return image.block == 1 && !image.hasHalo(); };
  return kernel.kernelHeight == 1 && kernel.kernelWidth == 1 &&
         llvm::all_of(kernel.strides, [](int64_t stride) { return stride == 1; }) &&
         llvm::all_of(kernel.pads, [](int64_t pad) { return pad == 0; }) && isDense(kernel.input) &&
         isDense(kernel.output) && llvm::all_of(kernel.operandImages, isDense);
}

/// The tile from pixel `first` of a band on, in which rows are one, or joined.
DirectConv::Tile DirectConv::getTile(const ConvKernel::Row &band, Value first, Value place,
                                     int64_t pixels) {
  if (isOneRow())
    return {band, first, place, pixels};
  Value w = b.rem(first, kernel.width);
  ConvKernel::Row row = band;
  row.h = b.add(band.h, b.div(first, kernel.width));
  for (int64_t pixel = 0; pixel != pixels; ++pixel)
    row.ends.push_back(b.div(b.add(w, pixel), kernel.width));
  return {row, w, place, pixels};
}

/// Emits tiles that read a panel whole, or part by part.
void DirectConv::emitTiles(ForEachTile forEachTile) {
  if (!partialSums)
    return forEachTile([&](const Tile &tile) { emitTile(tile); });
  forEachTile([&](const Tile &tile) { storePartialSums(tile, loadStarts(tile)); });
  Value slices = b.i64(kernel.countSlices());
  b.loop(b.i64(0), slices, part.most, [&](Value begin) {
    part.slices = {begin, b.min(b.add(begin, part.most), slices)};
    forEachTile([&](const Tile &tile) { emitTile(tile); });
  });
  forEachTile([&](const Tile &tile) { storeResults(tile, loadPartialSums(tile)); });
}

void DirectConv::emitBand(const ConvKernel::Row &band, Value rows) {
  Value width = kernel.width;
  ArrayRef<int64_t> widths = b.getSchedule().getPixels();
  // A run of pixels, some of which read parts of a panel together.
  auto forEachRun = [&](Value pixels, function_ref<void(Value first, Value size)> emitRun) {
    if (!partialSums)
      return emitRun(b.i64(0), pixels);
    b.loop(b.i64(0), pixels, together,
           [&](Value first) { emitRun(first, b.min(b.sub(pixels, first), b.i64(together))); });
  };
  if (isOneRow() || joinsRows())
    return forEachRun(b.mul(rows, width), [&](Value begin, Value size) {
      emitTiles([&](Body body) {
        b.loopOverTiles(size, widths, [&](Value place, int64_t pixels) {
          body(getTile(band, b.add(begin, place), place, pixels));
        });
      });
    });
  std::optional<int64_t> known = countPixels();
  if (!partialSums || (known && *known <= together))
    return emitTiles([&](Body body) {
      ConvKernel::forEachRow(b, band, rows, [&](const ConvKernel::Row &row) {
        Value before = b.mul(b.mul(b.sub(row.h, band.h), b.ceilDiv(width, widest)), widest);
        b.loopOverTiles(width, widths,
                        [&](Value w, int64_t pixels) { body({row, w, b.add(before, w), pixels}); });
      });
    });
  ConvKernel::forEachRow(b, band, rows, [&](const ConvKernel::Row &row) {
    forEachRun(width, [&](Value begin, Value size) {
      emitTiles([&](Body body) {
        b.loopOverTiles(size, widths, [&](Value place, int64_t pixels) {
          body({row, b.add(begin, place), place, pixels});
        });
      });
    });
  });
}

/// Transposes 2^k rows of `lanes` elements, in place: afterwards the rows, one after the other,
/// hold the first elements of all rows, then the second ones, and so on. Each round interleaves the
/// elements of two rows, which rotates the bits of an element's place by one.
void DirectConv::transpose(MutableArrayRef<Value> rows) {
  SmallVector<int64_t> low, high;
  for (int64_t lane = 0; lane != lanes; ++lane) {
    int64_t source = lane / 2 + (lane % 2) * lanes;
    low.push_back(source);
    high.push_back(source + lanes / 2);
  }
  size_t half = rows.size() / 2;
  for (size_t round = 1; round < rows.size(); round *= 2) {
    SmallVector<Value> next;
    for (size_t i = 0; i != half; ++i) {
      next.push_back(vector::ShuffleOp::create(b, rows[i], rows[i + half], low));
      next.push_back(vector::ShuffleOp::create(b, rows[i], rows[i + half], high));
    }
    llvm::copy(next, rows.begin());
  }
}

/// Stores a piece of a row of each channel, in vectors of as many pixels as there are, in powers of
/// two. An epilogue that reads nothing else is computed on the vectors as they are, which are
/// whole.
void DirectConv::storePlanar(const ConvKernel::Row &row, Value w, int64_t vector,
                             ArrayRef<Value> pixels) {
  Value firstChannel = kernel.getChannel(b, row, vector * lanes);
  auto place = [&](const Image &image, int64_t channel, int64_t pixel) {
    Value address = b.getElement(image, row.n, firstChannel, row.h, w);
    return b.offset(b.offset(address, b.mul(image.planePitch, channel)), pixel);
  };
  SmallVector<Value> sums(pixels);
  bool isComputed = kernel.operands.empty();
  if (isComputed)
    for (Value &sum : sums)
      sum = kernel.emitEpilogue(b, sum, {});
  for (int64_t done = 0, total = pixels.size(), width; done != total; done += width) {
    width = std::min<int64_t>(lanes, llvm::bit_floor<uint64_t>(total - done));
    SmallVector<Value> rows(ArrayRef(sums).slice(done, width));
    transpose(rows);
    for (int64_t channel = 0; channel != kernel.countChannels(b, row, vector); ++channel) {
      Value source = rows[channel * width / lanes];
      int64_t begin = channel * width % lanes;
      Value sum = width == 1 ? Value(vector::ExtractOp::create(b, source, begin))
                             : Value(vector::ExtractStridedSliceOp::create(
                                   b, source, ArrayRef<int64_t>{begin}, ArrayRef<int64_t>{width},
                                   ArrayRef<int64_t>{1}));
      if (!isComputed)
        sum = kernel.emitEpilogue(b, sum, [&](const Image &image) {
          return b.load(place(image, channel, done), sum.getType());
        });
      b.store(sum, place(kernel.output, channel, done));
    }
  }
}

/// Whether the tiles fit the buffers.
static LogicalResult verify(KernelBuilder &b, ConvKernel &kernel) {
  if (isa<ConvOp>(kernel.anchor) && kernel.output.block != 1 && kernel.output.block != b.getLanes())
    return kernel.anchor->emitError("expected output blocks of 1 or ")
           << b.getLanes() << " channels, found " << kernel.output.block;
  if (!kernel.bias)
    return success();
  auto read = kernel.anchor->getOperand(2).getDefiningOp<ReadOp>();
  PlannedType bias = read.getBuffer().getType().getTensor();
  auto padded = dyn_cast_or_null<PaddedLayoutAttr>(bias.getLayout());
  int64_t multiple = padded ? padded.getMultiple() : 1;
  if ((bias.getLayout() && !padded) || llvm::alignTo(kernel.outputChannels, multiple) <
                                           llvm::alignTo(kernel.outputChannels, b.getLanes()))
    return kernel.anchor->emitError("expected a bias of whole vectors, found ") << bias;
  return success();
}

LogicalResult dlc::emitDirectConv(KernelBuilder &b) {
  FailureOr<ConvKernel> kernel = ConvKernel::create(b);
  if (failed(kernel) || failed(verify(b, *kernel)))
    return failure();
  DirectConv emitter(b, *kernel);
  kernel->emitTask(b,
                   [&](const ConvKernel::Row &band, Value rows) { emitter.emitBand(band, rows); });
  return success();
}
