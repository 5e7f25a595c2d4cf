// Direct convolution with vectors of output channels. A tile is some pixels of a row times some
// channels; its accumulators stay in registers over the whole reduction, whose step multiplies one
// broadcast input element of each pixel with a vector of weights. Blocked outputs take the
// accumulators as they are, planar ones their transposition.

#include "ConvKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
class DirectConv {
public:
  DirectConv(KernelBuilder &b, ConvKernel &kernel) : b(b), kernel(kernel), lanes(b.getLanes()) {}

  void emitTile(const ConvKernel::Row &row, Value w, int64_t pixels);

private:
  KernelBuilder::Carried emitStep(Value input, Value weights, ValueRange sums, int64_t pixels);
  void storeBlocked(const ConvKernel::Row &row, Value w, int64_t vector, ValueRange pixels);
  void storePlanar(const ConvKernel::Row &row, Value w, int64_t vector, ArrayRef<Value> pixels);
  void transpose(MutableArrayRef<Value> rows);
  /// The number of channels of the vector at `vector` that exist.
  int64_t countChannels(const ConvKernel::Row &row, int64_t vector) const {
    return std::min(lanes, row.channels - vector * lanes);
  }

  KernelBuilder &b;
  ConvKernel &kernel;
  int64_t lanes;
};
} // namespace

/// sums[pixel * vectors + vector]
KernelBuilder::Carried DirectConv::emitStep(Value input, Value weights, ValueRange sums,
                                            int64_t pixels) {
  int64_t vectors = sums.size() / pixels;
  int64_t pixelPitch = kernel.conv.getStrides()[1] * kernel.input.block;
  SmallVector<Value> factors;
  for (int64_t vector = 0; vector != vectors; ++vector)
    factors.push_back(b.loadVector(b.offset(weights, vector * lanes)));
  KernelBuilder::Carried next;
  for (int64_t pixel = 0; pixel != pixels; ++pixel) {
    Value element = b.splat(b.loadScalar(b.offset(input, pixel * pixelPitch)));
    for (Value factor : factors)
      next.push_back(b.fma(element, factor, sums[next.size()]));
  }
  return next;
}

void DirectConv::emitTile(const ConvKernel::Row &row, Value w, int64_t pixels) {
  int64_t vectors = llvm::divideCeil(row.channels, lanes);
  SmallVector<Value> starts;
  for (int64_t vector = 0; vector != vectors; ++vector) {
    Value channel = b.add(b.mul(row.group, kernel.panels.getOutputs()), vector * lanes);
    starts.push_back(kernel.bias ? b.loadVector(b.offset(kernel.bias, channel)) : b.splat(0.0f));
  }
  SmallVector<Value> inits;
  for (int64_t pixel = 0; pixel != pixels; ++pixel)
    llvm::append_range(inits, starts);
  SmallVector<Value> sums = kernel.reduce(b, kernel.getWindow(b, row, w), kernel.getPanel(b, row),
                                          inits, [&](Value input, Value weights, ValueRange sums) {
                                            return emitStep(input, weights, sums, pixels);
                                          });
  for (int64_t vector = 0; vector != vectors; ++vector) {
    SmallVector<Value> results;
    for (int64_t pixel = 0; pixel != pixels; ++pixel)
      results.push_back(kernel.emitEpilogue(b, sums[pixel * vectors + vector]));
    if (kernel.output.block == 1)
      storePlanar(row, w, vector, results);
    else
      storeBlocked(row, w, vector, results);
  }
}

void DirectConv::storeBlocked(const ConvKernel::Row &row, Value w, int64_t vector,
                              ValueRange pixels) {
  Value plane = b.add(b.mul(row.group, kernel.panels.getOutputs() / lanes), vector);
  Value address = b.offset(kernel.output, row.n, plane, row.h, w);
  int64_t channels = countChannels(row, vector);
  for (auto [pixel, value] : llvm::enumerate(pixels)) {
    if (channels != lanes) // the epilogue may have made pad lanes anything
      value = arith::SelectOp::create(b, b.laneMask(b.i64(channels)), value, b.splat(0.0f));
    b.store(value, b.offset(address, pixel * lanes));
  }
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

void DirectConv::storePlanar(const ConvKernel::Row &row, Value w, int64_t vector,
                             ArrayRef<Value> pixels) {
  Value firstChannel = b.add(b.mul(row.group, kernel.panels.getOutputs()), vector * lanes);
  Value address = b.offset(kernel.output, row.n, firstChannel, row.h, w);
  SmallVector<Value> addresses;
  for (int64_t channel = 0; channel != countChannels(row, vector); ++channel) {
    addresses.push_back(address);
    address = b.offset(address, kernel.output.planePitch);
  }
  // Vectors of as many pixels as there are, in powers of two.
  for (size_t done = 0, width; done != pixels.size(); done += width) {
    width = std::min<size_t>(lanes, llvm::bit_floor(pixels.size() - done));
    SmallVector<Value> rows(pixels.slice(done, width));
    transpose(rows);
    for (auto [channel, place] : llvm::enumerate(addresses)) {
      Value source = rows[channel * width / lanes];
      int64_t begin = channel * width % lanes;
      Value value =
          width == 1 ? Value(vector::ExtractOp::create(b, source, begin))
                     : Value(vector::ExtractStridedSliceOp::create(
                           b, source, ArrayRef<int64_t>{begin},
                           ArrayRef<int64_t>{static_cast<int64_t>(width)}, ArrayRef<int64_t>{1}));
      b.store(value, b.offset(place, done));
    }
  }
}

/// Whether the tiles fit the buffers.
static LogicalResult verify(KernelBuilder &b, ConvKernel &kernel) {
  if (kernel.output.block != 1 && kernel.output.block != b.getLanes())
    return kernel.conv.emitError("expected output blocks of 1 or ")
           << b.getLanes() << " channels, found " << kernel.output.block;
  if (!kernel.conv.getBias())
    return success();
  auto read = kernel.conv.getBias().getDefiningOp<ReadOp>();
  PlannedType bias = read.getBuffer().getType().getTensor();
  auto padded = dyn_cast_or_null<PaddedLayoutAttr>(bias.getLayout());
  int64_t multiple = padded ? padded.getMultiple() : 1;
  if ((bias.getLayout() && !padded) || llvm::alignTo(kernel.outputChannels, multiple) <
                                           llvm::alignTo(kernel.outputChannels, b.getLanes()))
    return kernel.conv.emitError("expected a bias of whole vectors, found ") << bias;
  return success();
}

LogicalResult dlc::emitDirectConv(KernelBuilder &b) {
  FailureOr<ConvKernel> kernel = ConvKernel::create(b);
  if (failed(kernel) || failed(verify(b, *kernel)))
    return failure();
  DirectConv emitter(b, *kernel);
  kernel->emitTask(b, [&](const ConvKernel::Row &row) {
    b.loopOverTiles(kernel->output.width, b.getSchedule().getPixels(),
                    [&](Value w, int64_t pixels) { emitter.emitTile(row, w, pixels); });
  });
  return success();
}
