// Convolution of tiles of 4x4 outputs in Winograd's form, see dlc/IR/Winograd.h. A task transforms
// some tiles of the input (all channels) into 36 matrices of tiles x channels, multiplies each by
// its factors of the filter, one panel of output channels after the other, and transforms the sums
// back. The matrices are small enough to stay in the L2 cache.

#include "Blocks.h"
#include "ConvKernel.h"
#include "EmitKernels.h"

#include "dlc/IR/Winograd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Tiles x channels, for each of the 36 factors; counted in elements of the scratch memory. Pitches
/// are no powers of two, whose rows would share sets of the caches.
struct Matrices {
  int64_t begin, rowPitch, pitch;

  Matrices(int64_t begin, int64_t rows, int64_t columns, int64_t lanes)
      : begin(begin), rowPitch(columns + lanes), pitch(rows * rowPitch + lanes) {}
  int64_t end() const { return begin + Winograd::factors * pitch; }
};

/// A tile of outputs: its number among those of the task, and its first pixel.
struct TilePlace {
  Value number, h, w;
};

class WinogradConv {
public:
  WinogradConv(KernelBuilder &b, ConvKernel &kernel);

  void emit();

private:
  static constexpr int64_t size = Winograd::inputs;
  using Values = std::array<Value, Winograd::inputs>;

  void emitTiles();
  void forEachTile(function_ref<void(const TilePlace &)> emitTile);
  void emitInputs(const TilePlace &tile);
  void emitPatch(Value image, Value plane, Value h, Value w);
  void fetch(Value address);
  void transformInputs(Value address, Value rowPitch, Value to);
  void multiply(Value panel);
  void emitProducts(Value factors, Value inputs, Value sums, Value ahead, int64_t tiles);
  int64_t countSteps() const;
  void emitOutputs(Value panel, const TilePlace &tile);
  void transformOutputs(Value from, function_ref<void(int64_t, const Values &)> emitRow);
  void storePixel(Value plane, const TilePlace &tile, int64_t row, int64_t column, Value sum);

  Values transformInput(const Values &row);
  SmallVector<Value> transformOutput(const Values &row);
  Value multiplyAdd(double factor, Value value, Value sum) {
    return b.fma(b.splat(static_cast<float>(factor)), value, sum);
  }
  Value scale(double factor, Value value) {
    return arith::MulFOp::create(b, value, b.splat(static_cast<float>(factor)));
  }
  Value sum(Value lhs, Value rhs) { return arith::AddFOp::create(b, lhs, rhs); }
  Value difference(Value lhs, Value rhs) { return arith::SubFOp::create(b, lhs, rhs); }
  Value at(int64_t element) { return b.offset(scratch, element); }

  KernelBuilder &b;
  ConvKernel &kernel;
  int64_t lanes, panelOutputs, panels, inputChannels;
  Matrices inputs, sums;
  int64_t patch; ///< a tile of inputs, in the scratch memory
  Value scratch;
  Value tilesPerRow;
  Value n, firstTile, numTiles, firstPanel, lastPanel; ///< of the task
  ConvKernel::Planes planes;                           ///< that it reads
};
} // namespace

WinogradConv::WinogradConv(KernelBuilder &b, ConvKernel &kernel)
    : b(b), kernel(kernel), lanes(b.getLanes()), panelOutputs(kernel.panels.getOutputs()),
      panels(llvm::divideCeil(kernel.outputChannels, panelOutputs)),
      inputChannels(llvm::alignTo(kernel.inputChannels, lanes)),
      inputs(0, b.getSchedule().getRows(), inputChannels, lanes),
      sums(inputs.end(), b.getSchedule().getRows(), panelOutputs, lanes), patch(sums.end()) {
  int64_t elements = patch + Winograd::factors * lanes;
  scratch = b.getScratch(elements * static_cast<int64_t>(sizeof(float)));
}

//===----------------------------------------------------------------------===//
// Transforms
//===----------------------------------------------------------------------===//

/// The values of a row of inputs, a polynomial's coefficients, as multiplication needs them.
WinogradConv::Values WinogradConv::transformInput(const Values &row) {
  const auto [p, q] = Winograd::points;
  const double a = p * p, b = q * q;
  // coefficient[4] - (a + b) coefficient[2] + ab coefficient[0]
  auto atEnd = [&](size_t i) {
    return multiplyAdd(a * b, row[i], multiplyAdd(-(a + b), row[i + 2], row[i + 4]));
  };
  Values values;
  values[0] = atEnd(0);
  values[5] = atEnd(1);
  for (auto [i, point, other] : {std::tuple(1, p, b), std::tuple(3, q, a)}) {
    Value even = multiplyAdd(-other, row[2], row[4]), odd = multiplyAdd(-other, row[1], row[3]);
    values[i] = multiplyAdd(point, odd, even);
    values[i + 1] = multiplyAdd(-point, odd, even);
  }
  return values;
}

/// Interpolates a row of outputs.
SmallVector<Value> WinogradConv::transformOutput(const Values &row) {
  const auto [p, q] = Winograd::points;
  Value even0 = sum(row[1], row[2]), odd0 = difference(row[1], row[2]);
  Value even1 = sum(row[3], row[4]), odd1 = difference(row[3], row[4]);
  return {sum(row[0], sum(even0, even1)), multiplyAdd(p, odd0, scale(q, odd1)),
          multiplyAdd(p * p, even0, scale(q * q, even1)),
          multiplyAdd(p * p * p, odd0, multiplyAdd(q * q * q, odd1, row[5]))};
}

/// Transforms a block of channels of a tile, whose rows are `rowPitch` apart.
void WinogradConv::transformInputs(Value address, Value rowPitch, Value to) {
  std::array<Values, size> columns;
  for (int64_t column = 0; column != size; ++column) {
    Values values;
    for (int64_t row = 0; row != size; ++row)
      values[row] = b.loadVector(b.offset(b.offset(address, b.mul(rowPitch, row)), column * lanes));
    columns[column] = transformInput(values);
  }
  for (int64_t row = 0; row != size; ++row) {
    Values values;
    for (int64_t column = 0; column != size; ++column)
      values[column] = columns[column][row];
    for (auto [column, value] : llvm::enumerate(transformInput(values)))
      b.store(value, b.offset(to, (row * size + column) * inputs.pitch));
  }
}

/// Transforms a vector of sums of a tile to rows of pixels.
void WinogradConv::transformOutputs(Value from,
                                    function_ref<void(int64_t, const Values &)> emitRow) {
  std::array<SmallVector<Value>, size> columns;
  for (int64_t column = 0; column != size; ++column) {
    Values values;
    for (int64_t row = 0; row != size; ++row)
      values[row] = b.loadVector(b.offset(from, (row * size + column) * sums.pitch));
    columns[column] = transformOutput(values);
  }
  for (int64_t row = 0; row != Winograd::outputs; ++row) {
    Values values;
    for (int64_t column = 0; column != size; ++column)
      values[column] = columns[column][row];
    emitRow(row, values);
  }
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

void WinogradConv::forEachTile(function_ref<void(const TilePlace &)> emitTile) {
  b.loop(b.i64(0), numTiles, 1, [&](Value number) {
    Value tile = b.add(firstTile, number);
    Value h = b.mul(b.div(tile, tilesPerRow), Winograd::outputs);
    Value w = b.mul(b.rem(tile, tilesPerRow), Winograd::outputs);
    emitTile({number, h, w});
  });
}

/// Copies what the buffer has of a tile from pixel (h, w) on, with zeros around it.
void WinogradConv::emitPatch(Value image, Value plane, Value h, Value w) {
  const Image &input = kernel.input;
  b.storeZeros(at(patch), b.i64(Winograd::factors * lanes));
  Taps rows = b.clipTaps(h, size, 1, b.i64(-input.top), b.add(input.height, input.bottom));
  Taps columns = b.clipTaps(w, size, 1, b.i64(-input.left), b.add(input.width, input.right));
  b.loop(rows.begin, rows.end, 1, [&](Value row) {
    b.loop(columns.begin, columns.end, 1, [&](Value column) {
      Value place = b.mul(b.add(b.mul(row, size), column), lanes);
      Value pixel = b.offset(input, image, plane, b.add(h, row), b.add(w, column));
      b.store(b.loadVector(pixel), b.offset(at(patch), place));
    });
  });
}

/// Fetches the pixels of a tile from `address` on, of which some may lie outside of the buffer. One
/// block of channels later they are needed; no prefetcher of a CPU foresees steps of whole planes.
void WinogradConv::fetch(Value address) {
  for (int64_t row = 0; row != size; ++row)
    b.prefetch(b.offset(address, b.mul(kernel.input.rowPitch, row)), size * lanes);
}

void WinogradConv::emitInputs(const TilePlace &tile) {
  const Image &input = kernel.input;
  Value h = b.add(tile.h, -kernel.pads[0]), w = b.add(tile.w, -kernel.pads[1]);
  Value bottom = b.add(input.height, input.bottom - size);
  Value right = b.add(input.width, input.right - size);
  Value inside = b.both(b.both(b.atMost(b.i64(-input.top), h), b.atMost(h, bottom)),
                        b.both(b.atMost(b.i64(-input.left), w), b.atMost(w, right)));
  int64_t blocks = inputChannels / kernel.planes / lanes; // of a plane of the volume
  b.loop(planes.taps.begin, planes.taps.end, 1, [&](Value tap) {
    Value image = b.add(planes.first, b.mul(tap, kernel.windows ? kernel.windows->dilation : 1));
    b.loop(b.i64(0), b.i64(blocks), 1, [&](Value plane) {
      b.either(inside, [] {}, [&] { emitPatch(image, plane, h, w); });
      fetch(b.offset(input, image, b.add(plane, 1), h, w));
      Value from = b.select(inside, b.offset(input, image, plane, h, w), at(patch));
      Value rowPitch = arith::SelectOp::create(b, inside, input.rowPitch, b.i64(size * lanes));
      Value channel = b.mul(b.add(b.mul(tap, blocks), plane), lanes);
      Value to = b.offset(at(inputs.begin), b.add(b.mul(tile.number, inputs.rowPitch), channel));
      transformInputs(from, rowPitch, to);
    });
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// How many steps of the reduction fetch one row of factors. Several tiles read a matrix; they
/// fetch the next one, each a part of it, since memory may be slower than the first of them.
int64_t WinogradConv::countSteps() const {
  ScheduleAttr schedule = b.getSchedule();
  int64_t passes = llvm::divideCeil(schedule.getRows(), schedule.getPixels().front());
  return llvm::bit_floor<uint64_t>(std::clamp<int64_t>(passes, 1, 4));
}

/// Some tiles times the output channels of a panel, in registers over all input channels. `ahead`
/// are the factors to be fetched.
void WinogradConv::emitProducts(Value factors, Value from, Value to, Value ahead, int64_t tiles) {
  int64_t vectors = panelOutputs / lanes, steps = countSteps();
  SmallVector<Value> zeros(tiles * vectors, b.splat(0.0f));
  int64_t planeChannels = inputChannels / kernel.planes;
  Value begin = b.mul(planes.taps.begin, planeChannels);
  Value end = b.mul(planes.taps.end, planeChannels);
  auto emitStep = [&](Value channel, ValueRange carried) {
    Value weights = b.offset(factors, b.mul(channel, panelOutputs));
    SmallVector<Value> row;
    for (int64_t vector = 0; vector != vectors; ++vector)
      row.push_back(b.loadVector(b.offset(weights, vector * lanes)));
    KernelBuilder::Carried next;
    for (int64_t tile = 0; tile != tiles; ++tile) {
      Value element =
          b.splat(b.loadScalar(b.offset(b.offset(from, channel), tile * inputs.rowPitch)));
      for (Value factor : row)
        next.push_back(b.fma(element, factor, carried[next.size()]));
    }
    return next;
  };
  KernelBuilder::Carried products =
      b.loop(begin, end, steps, zeros, [&](Value channel, ValueRange carried) {
        Value row = b.offset(ahead, b.mul(b.div(channel, b.i64(steps)), panelOutputs));
        if (tiles != 1)
          b.prefetch(row, panelOutputs);
        KernelBuilder::Carried next = llvm::to_vector(carried);
        for (int64_t step = 0; step != steps; ++step)
          next = emitStep(b.add(channel, step), next);
        return next;
      });
  for (auto [index, product] : llvm::enumerate(products)) {
    int64_t tile = static_cast<int64_t>(index) / vectors;
    int64_t vector = static_cast<int64_t>(index) % vectors;
    b.store(product, b.offset(to, tile * sums.rowPitch + vector * lanes));
  }
}

void WinogradConv::multiply(Value panel) {
  int64_t matrixElements = inputChannels * panelOutputs, steps = countSteps();
  ArrayRef<int64_t> heights = b.getSchedule().getPixels();
  b.loop(b.i64(0), b.i64(Winograd::factors), 1, [&](Value factor) {
    Value matrix = b.add(b.mul(panel, Winograd::factors), factor);
    Value factors = b.offset(kernel.filter, b.mul(matrix, matrixElements));
    Value from = b.offset(at(inputs.begin), b.mul(factor, inputs.pitch));
    Value to = b.offset(at(sums.begin), b.mul(factor, sums.pitch));
    b.loopOverTiles(numTiles, heights, [&](Value tile, int64_t tiles) {
      Value ahead = b.offset(factors, prefetchDistance * panelOutputs);
      if (steps != 1) {
        Value part = b.mul(b.div(tile, b.i64(heights.front())), matrixElements / steps);
        ahead = b.offset(b.offset(factors, matrixElements), part);
      }
      emitProducts(factors, b.offset(from, b.mul(tile, inputs.rowPitch)),
                   b.offset(to, b.mul(tile, sums.rowPitch)), ahead, tiles);
    });
  });
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

void WinogradConv::storePixel(Value plane, const TilePlace &tile, int64_t row, int64_t column,
                              Value sum) {
  auto place = [&](const Image &image) {
    Value first = kernel.getPlace(b, image, n, plane, tile.h, tile.w);
    return b.offset(b.offset(first, b.mul(image.rowPitch, row * kernel.spread[0])),
                    column * kernel.spread[1] * lanes);
  };
  Value value =
      kernel.emitEpilogue(b, sum, [&](const Image &image) { return b.loadVector(place(image)); });
  ExprAttr channels = ExprAttr::constant(b.getContext(), kernel.outputChannels);
  b.store(clearOutside(b, value, getLanesInside(b, channels, plane)), place(kernel.output));
}

/// Pixels are no loop: to the register allocator one within so many would be hotter than that of
/// the products, whose sums it would spill for the constants of the epilogue.
void WinogradConv::emitOutputs(Value panel, const TilePlace &tile) {
  int64_t vectors = panelOutputs / lanes;
  Value firstPlane = b.mul(panel, vectors);
  Value allPlanes = b.i64(llvm::divideCeil(kernel.outputChannels, lanes));
  Value planes = b.min(b.i64(vectors), b.sub(allPlanes, firstPlane));
  Value rows = b.sub(kernel.height, tile.h), columns = b.sub(kernel.width, tile.w);
  b.loop(b.i64(0), planes, 1, [&](Value vector) {
    Value plane = b.add(firstPlane, vector);
    Value bias;
    if (kernel.bias)
      bias = b.loadVector(b.offset(kernel.bias, b.mul(plane, lanes)));
    Value from =
        b.offset(at(sums.begin), b.add(b.mul(tile.number, sums.rowPitch), b.mul(vector, lanes)));
    transformOutputs(from, [&](int64_t row, const Values &values) {
      b.onlyIf(b.atMost(b.i64(row + 1), rows), [&] {
        for (auto [column, value] : llvm::enumerate(transformOutput(values))) {
          auto place = static_cast<int64_t>(column);
          b.onlyIf(b.atMost(b.i64(place + 1), columns), [&, value = value] {
            storePixel(plane, tile, row, place, bias ? sum(value, bias) : value);
          });
        }
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

void WinogradConv::emitTiles() {
  forEachTile([&](const TilePlace &tile) { emitInputs(tile); });
  b.loop(firstPanel, lastPanel, 1, [&](Value panel) {
    multiply(panel);
    forEachTile([&](const TilePlace &tile) { emitOutputs(panel, tile); });
  });
}

/// The halo of the output's rows is shared out evenly among the blocks of tiles.
void WinogradConv::emit() {
  const Image &output = kernel.output;
  int64_t tilesPerTask = b.getSchedule().getRows(), channels = b.getSchedule().getChannels();
  tilesPerRow = b.ceilDiv(kernel.width, Winograd::outputs);
  Value tiles = b.mul(b.ceilDiv(kernel.height, Winograd::outputs), tilesPerRow);
  Value blocks = b.max(b.ceilDiv(tiles, tilesPerTask), b.i64(1));
  Value groups = b.i64(llvm::divideCeil(kernel.outputChannels, channels));
  Value block = b.rem(b.getTask(), blocks), rest = b.div(b.getTask(), blocks);
  Value group = b.rem(rest, groups);
  n = b.div(rest, groups);
  planes = kernel.getPlanes(b, n);
  firstTile = b.mul(block, tilesPerTask);
  numTiles = b.min(b.sub(tiles, firstTile), b.i64(tilesPerTask));
  firstPanel = b.mul(group, channels / panelOutputs);
  lastPanel = b.min(b.add(firstPanel, channels / panelOutputs), b.i64(panels));
  if (output.hasHalo()) {
    Value rows = b.div(b.add(b.add(output.height, blocks), -1), blocks);
    Value begin = b.min(b.mul(block, rows), output.height);
    Value end = b.min(b.add(begin, rows), output.height);
    // Of several blocks that end at the last row the first one has written what lies below.
    Value isEmpty = b.both(b.equal(begin, end), b.atMost(b.i64(1), block));
    b.either(
        isEmpty, [] {},
        [&] {
          kernel.storeHalo(b, n, b.mul(group, channels / lanes), b.i64(channels / lanes), begin,
                           end);
        });
  }
  emitTiles();
}

static LogicalResult verify(KernelBuilder &b, ConvKernel &kernel) {
  Operation *anchor = kernel.anchor;
  if (!isa<ConvOp>(anchor) || kernel.groups != 1 || kernel.kernelHeight != Winograd::taps ||
      kernel.kernelWidth != Winograd::taps || !Winograd::areOne(kernel.strides) ||
      !Winograd::areOne(kernel.dilations))
    return anchor->emitError("expected a convolution by 3 x 3 filters in steps of one");
  if (!kernel.panels.getWinograd())
    return anchor->emitError("expected factors of filters, found ") << kernel.panels;
  if (kernel.input.block != b.getLanes() || kernel.output.block != b.getLanes())
    return anchor->emitError("expected images in blocks of ") << b.getLanes() << " channels";
  return success();
}

LogicalResult dlc::emitWinograd(KernelBuilder &b) {
  FailureOr<ConvKernel> kernel = ConvKernel::create(b);
  if (failed(kernel) || failed(verify(b, *kernel)))
    return failure();
  WinogradConv(b, *kernel).emit();
  return success();
}
