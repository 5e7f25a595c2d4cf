// Convolution with vectors of neighbouring pixels, for few output channels: a step of the reduction
// multiplies vectors of input pixels with one broadcast weight of each channel. Input and output
// are planar.

#include "ConvKernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

/// A tile of row.channels times `vectors` vectors of pixels from `w` on; `mask` are the pixels that
/// exist, where not all do. Accumulators are sums[channel * vectors + vector].
static void emitTile(KernelBuilder &b, ConvKernel &kernel, const ConvKernel::Row &row, Value w,
                     int64_t vectors, Value mask) {
  int64_t lanes = b.getLanes();
  Value firstChannel = b.mul(row.group, kernel.panels.getOutputs());
  SmallVector<Value> inits;
  for (int64_t channel = 0; channel != row.channels; ++channel) {
    Value start = b.splat(0.0f);
    if (kernel.bias)
      start = b.splat(b.loadScalar(b.offset(b.offset(kernel.bias, firstChannel), channel)));
    inits.append(vectors, start);
  }
  auto emitStep = [&](Value input, Value weights, ValueRange sums) {
    SmallVector<Value> factors;
    for (int64_t channel = 0; channel != row.channels; ++channel)
      factors.push_back(b.splat(b.loadScalar(b.offset(weights, channel))));
    KernelBuilder::Carried next(sums.size());
    for (int64_t vector = 0; vector != vectors; ++vector) {
      Value pixels = b.loadVector(b.offset(input, vector * lanes), mask);
      for (int64_t i = vector, channel = 0; channel != row.channels; ++channel, i += vectors)
        next[i] = b.fma(pixels, factors[channel], sums[i]);
    }
    return next;
  };
  SmallVector<Value> sums =
      kernel.reduce(b, kernel.getWindow(b, row, w), kernel.getPanel(b, row), inits, emitStep);
  for (int64_t channel = 0; channel != row.channels; ++channel) {
    Value address = b.offset(kernel.output, row.n, b.add(firstChannel, channel), row.h, w);
    for (int64_t vector = 0; vector != vectors; ++vector)
      b.store(kernel.emitEpilogue(b, sums[channel * vectors + vector]),
              b.offset(address, vector * lanes), mask);
  }
}

static LogicalResult verify(ConvKernel &kernel) {
  if (kernel.input.block != 1 || kernel.output.block != 1)
    return kernel.conv.emitError("expected planar input and output");
  if (kernel.conv.getStrides()[1] != 1)
    return kernel.conv.emitError("expected stride 1 along rows, found ")
           << kernel.conv.getStrides()[1];
  return success();
}

LogicalResult dlc::emitRowConv(KernelBuilder &b) {
  FailureOr<ConvKernel> kernel = ConvKernel::create(b);
  if (failed(kernel) || failed(verify(*kernel)))
    return failure();
  int64_t lanes = b.getLanes();
  kernel->emitTask(b, [&](const ConvKernel::Row &row) {
    Value width = kernel->output.width;
    Value end = b.loopOverTiles(width, b.getSchedule().getPixels(), [&](Value w, int64_t pixels) {
      emitTile(b, *kernel, row, w, pixels / lanes, /*mask=*/Value());
    });
    b.loop(end, width, lanes,
           [&](Value w) { emitTile(b, *kernel, row, w, 1, b.laneMask(b.sub(width, w))); });
  });
  return success();
}
