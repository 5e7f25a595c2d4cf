// Convolution of each channel by a filter of its own, over blocks of channels: each lane is a
// channel. A tile is some neighbours of a row; a row of the filter and the pixels under it are
// loaded once for all of them.

#include "ConvKernel.h"
#include "EmitKernels.h"

using namespace mlir;
using namespace dlc;

/// Filters of at most this width are unrolled along their rows.
static constexpr int64_t maxUnrolledWidth = 7;

/// The sum of `taps` neighbours of a filter's row, for `sums.size()` pixels.
static KernelBuilder::Carried emitTaps(KernelBuilder &b, const ConvKernel &kernel, Value input,
                                       Value weights, int64_t taps, ValueRange sums) {
  int64_t lanes = b.getLanes();
  KernelBuilder::Carried next = llvm::to_vector(sums);
  DenseMap<int64_t, Value> loaded; // by distance from the first pixel
  for (int64_t tap = 0; tap != taps; ++tap) {
    Value factor = b.loadVector(b.offset(weights, tap * lanes));
    for (auto [pixel, sum] : llvm::enumerate(next)) {
      int64_t distance = pixel * kernel.strides[1] + tap * kernel.dilations[1];
      Value &element = loaded[distance];
      if (!element)
        element = b.loadVector(b.offset(input, distance * lanes));
      sum = b.fma(element, factor, sum);
    }
  }
  return next;
}

static void emitTile(KernelBuilder &b, ConvKernel &kernel, const ConvKernel::Row &row, Value w,
                     int64_t pixels) {
  int64_t lanes = b.getLanes(), width = kernel.kernelWidth;
  Value start = b.splat(0.0f);
  if (kernel.bias)
    start = b.loadVector(b.offset(kernel.bias, kernel.getChannel(b, row, 0)));
  ConvKernel::Window window = kernel.getWindow(b, row, w, pixels, /*clip=*/false);
  int64_t pitch = kernel.kernelHeight * width * lanes;
  Value first = b.offset(kernel.filter, b.mul(row.group, kernel.planes * pitch));
  SmallVector<Value> inits(pixels, start);
  using Carried = KernelBuilder::Carried;
  auto emitPlane = [&](Value input, Value weights, ValueRange sums) -> Carried {
    return b.loop(b.i64(0), b.i64(kernel.kernelHeight), 1, sums, [&](Value ky, ValueRange sums) {
      Value inputRow =
          b.offset(input, b.mul(b.mul(ky, kernel.dilations[0]), kernel.input.rowPitch));
      Value weightsRow = b.offset(weights, b.mul(ky, width * lanes));
      if (width <= maxUnrolledWidth)
        return emitTaps(b, kernel, inputRow, weightsRow, width, sums);
      return b.loop(b.i64(0), b.i64(width), 1, sums, [&](Value kx, ValueRange sums) {
        return emitTaps(b, kernel, b.offset(inputRow, b.mul(kx, kernel.dilations[1] * lanes)),
                        b.offset(weightsRow, b.mul(kx, lanes)), 1, sums);
      });
    });
  };
  Carried sums = kernel.sumPlanes(b, window, first, pitch, inits, emitPlane);
  kernel.storeVectors(b, row, w, /*vector=*/0, sums);
}

static LogicalResult verify(KernelBuilder &b, ConvKernel &kernel) {
  if (!isa<ConvOp>(kernel.anchor) || kernel.groups != kernel.outputChannels ||
      kernel.getPlaneChannels() != 1)
    return kernel.anchor->emitError("expected a convolution with a group for each channel");
  if (kernel.input.block != b.getLanes() || kernel.output.block != b.getLanes() ||
      kernel.panels != FilterLayoutAttr::get(b.getContext(), b.getLanes(), 1))
    return kernel.anchor->emitError("expected images and a filter in blocks of ")
           << b.getLanes() << " channels";
  ArrayRef<int64_t> pads = kernel.pads;
  if (pads[0] > kernel.input.top || pads[1] > kernel.input.left || pads[2] > kernel.input.bottom ||
      pads[3] > kernel.input.right)
    return kernel.anchor->emitError("expected an input whose halo has the pads [") << pads << "]";
  return success();
}

LogicalResult dlc::emitDepthwise(KernelBuilder &b) {
  FailureOr<ConvKernel> kernel = ConvKernel::create(b);
  if (failed(kernel) || failed(verify(b, *kernel)))
    return failure();
  auto emitRow = [&](const ConvKernel::Row &row) {
    b.loopOverTiles(kernel->width, b.getSchedule().getPixels(),
                    [&](Value w, int64_t pixels) { emitTile(b, *kernel, row, w, pixels); });
  };
  kernel->emitTask(b, [&](const ConvKernel::Row &band, Value rows) {
    ConvKernel::forEachRow(b, band, rows, emitRow);
  });
  return success();
}
