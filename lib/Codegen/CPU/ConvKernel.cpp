#include "ConvKernel.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

/// The buffer that `value` is read from, or an error.
static FailureOr<Value> getBuffer(Operation *user, Value value) {
  if (auto read = value.getDefiningOp<ReadOp>())
    return read.getBuffer();
  return user->emitError("expected operands that are read from buffers");
}

/// Finds the convolution, the ops behind it, and the buffers.
LogicalResult ConvKernel::matchBody(KernelBuilder &b, Value &inputBuffer, Value &filterBuffer,
                                    Value &biasBuffer, Value &outputBuffer) {
  SetVector<Value> computed;
  for (Operation &op : b.getSource().getBody().front()) {
    if (isa<ReadOp, ConstantOp, func::ReturnOp>(op))
      continue;
    if (auto found = dyn_cast<ConvOp>(op); found && !conv) {
      conv = found;
      computed.insert(found.getResult());
    } else if (auto elementwise = dyn_cast<ElementwiseOpInterface>(op); elementwise && conv) {
      for (Value operand : op.getOperands())
        if (!computed.contains(operand) && !getImmediate(operand))
          return op.emitError(
              "expected operands that the kernel computes or constants of one element");
      epilogue.push_back(elementwise);
      computed.insert(op.getResult(0));
    } else if (auto write = dyn_cast<WriteOp>(op); write && !outputBuffer && conv) {
      if (computed.empty() || write.getValue() != computed.back())
        return write.emitError("expected to write the last value of the kernel");
      outputBuffer = write.getBuffer();
    } else {
      return op.emitError("expected a convolution, elementwise ops and one write in this kernel");
    }
  }
  if (!conv || !outputBuffer)
    return b.getSource().emitError("expected a kernel with a convolution");
  FailureOr<Value> input = getBuffer(conv, conv.getInput()),
                   filter = getBuffer(conv, conv.getFilter());
  FailureOr<Value> bias = conv.getBias() ? getBuffer(conv, conv.getBias()) : Value();
  if (failed(input) || failed(filter) || failed(bias))
    return failure();
  inputBuffer = *input, filterBuffer = *filter, biasBuffer = *bias;
  return success();
}

static PlannedType getTensor(Value buffer) {
  return cast<BufferType>(buffer.getType()).getTensor();
}

/// Whether `type` is an image; other layouts have no rows.
static bool isImage(PlannedType type) {
  return type.getRank() == 4 && (!type.getLayout() || isa<ImageLayoutAttr>(type.getLayout()));
}

LogicalResult ConvKernel::matchOperands(KernelBuilder &b, Value inputBuffer, Value filterBuffer,
                                        Value biasBuffer, Value outputBuffer) {
  PlannedType inputType = getTensor(inputBuffer), filterType = getTensor(filterBuffer),
              outputType = getTensor(outputBuffer);
  std::optional<SmallVector<int64_t>> shape = filterType.getStaticShape();
  panels = dyn_cast_or_null<FilterLayoutAttr>(filterType.getLayout());
  if (!isImage(inputType) || !isImage(outputType) || !panels || !shape)
    return conv.emitError("expected images and a filter of static shape in panels");
  if (conv.getGroup() != 1)
    return conv.emitError("expected one group, found ") << conv.getGroup();
  outputChannels = (*shape)[0], inputChannels = (*shape)[1];
  kernelHeight = (*shape)[2], kernelWidth = (*shape)[3];
  int64_t channels = b.getSchedule().getChannels();
  if (panels.getOutputs() != channels)
    return conv.emitError("expected panels of ") << channels << " outputs, found " << panels;
  ImageLayoutAttr layout = inputType.getImageLayout();
  if (panels.getInputs() != layout.getBlock())
    return conv.emitError("expected panels of ")
           << layout.getBlock() << " inputs, found " << panels;
  for (auto [halo, pad] : llvm::zip_equal(layout.getHalo(), conv.getPads()))
    if (halo < pad)
      return conv.emitError("expected an input with a halo of at least ")
             << pad << ", found " << layout;
  if (outputType.getDim(1) != ExprAttr::constant(b.getContext(), outputChannels))
    return conv.emitError("expected ")
           << outputChannels << " output channels, found " << outputType;
  input = b.getImage(inputBuffer);
  output = b.getImage(outputBuffer);
  filter = b.getAddress(filterBuffer);
  bias = biasBuffer ? b.getAddress(biasBuffer) : Value();
  return success();
}

FailureOr<ConvKernel> ConvKernel::create(KernelBuilder &b) {
  ConvKernel kernel;
  Value input, filter, bias, output;
  if (failed(kernel.matchBody(b, input, filter, bias, output)) ||
      failed(kernel.matchOperands(b, input, filter, bias, output)))
    return failure();
  return kernel;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void ConvKernel::emitTask(KernelBuilder &b, function_ref<void(const Row &)> emitRow) {
  b.unlessEmpty(b.mul(output.count, output.height), output, [&] { emitRows(b, emitRow); });
}

void ConvKernel::emitRows(KernelBuilder &b, function_ref<void(const Row &)> emitRow) {
  int64_t rows = b.getSchedule().getRows(), channels = b.getSchedule().getChannels();
  Value tasksOfImage = b.ceilDiv(output.height, rows);
  Value n = b.div(b.getTask(), tasksOfImage);
  Value begin = b.mul(b.rem(b.getTask(), tasksOfImage), rows);
  Value end = rows == 1 ? b.add(begin, 1) : b.min(b.add(begin, rows), output.height);
  if (output.hasHalo())
    b.loop(b.i64(0), output.planes, 1,
           [&](Value plane) { b.storeHalo(output, n, plane, begin, end); });
  auto emitGroup = [&](Value group, int64_t groupChannels) {
    auto emit = [&](Value h) { emitRow({n, h, group, groupChannels}); };
    if (rows == 1)
      emit(begin);
    else
      b.loop(begin, end, 1, emit);
  };
  int64_t fullGroups = outputChannels / channels, rest = outputChannels % channels;
  b.loop(b.i64(0), b.i64(fullGroups), 1, [&](Value group) { emitGroup(group, channels); });
  if (rest)
    emitGroup(b.i64(fullGroups), rest);
}

Value ConvKernel::getWindow(KernelBuilder &b, const Row &row, Value w) {
  ArrayRef<int64_t> strides = conv.getStrides(), pads = conv.getPads();
  Value inputH = b.add(b.mul(row.h, strides[0]), -pads[0]);
  Value inputW = b.add(b.mul(w, strides[1]), -pads[1]);
  return b.offset(input, row.n, b.i64(0), inputH, inputW);
}

Value ConvKernel::getPanel(KernelBuilder &b, const Row &row) {
  int64_t elements = llvm::divideCeil(inputChannels, panels.getInputs()) * panels.getInputs() *
                     kernelHeight * kernelWidth * panels.getOutputs();
  return b.offset(filter, b.mul(row.group, elements));
}

namespace {
/// One loop of the reduction: steps, and how far each moves in the input and in the panel.
struct Level {
  int64_t steps;
  Value inputPitch;
  int64_t panelPitch;
};
} // namespace

static KernelBuilder::Carried emitLevels(KernelBuilder &b, ArrayRef<Level> levels, Value input,
                                         Value weights, ValueRange sums,
                                         ConvKernel::Step emitStep) {
  if (levels.empty())
    return emitStep(input, weights, sums);
  const Level &level = levels.front();
  return b.loop(b.i64(0), b.i64(level.steps), 1, sums,
                [&](Value i, ValueRange carried) -> KernelBuilder::Carried {
                  Value nextInput = b.offset(input, b.mul(i, level.inputPitch));
                  Value nextWeights = b.offset(weights, b.mul(i, level.panelPitch));
                  return emitLevels(b, levels.drop_front(), nextInput, nextWeights, carried,
                                    emitStep);
                });
}

KernelBuilder::Carried ConvKernel::reduce(KernelBuilder &b, Value window, Value panel,
                                          ValueRange inits, Step emitStep) {
  ArrayRef<int64_t> dilations = conv.getDilations();
  int64_t block = panels.getInputs(), outputs = panels.getOutputs();
  SmallVector<Level> levels = {
      {static_cast<int64_t>(llvm::divideCeil(inputChannels, block)), input.planePitch,
       kernelHeight * kernelWidth * block * outputs},
      {kernelHeight, b.mul(input.rowPitch, dilations[0]), kernelWidth * block * outputs}};
  if (dilations[1] == 1) {
    // Neighbours and lanes lie next to each other in input and panel: one longer loop.
    levels.push_back({kernelWidth * block, b.i64(1), outputs});
  } else {
    levels.push_back({kernelWidth, b.i64(dilations[1] * block), block * outputs});
    levels.push_back({block, b.i64(1), outputs});
  }
  return emitLevels(b, levels, window, panel, inits, emitStep);
}

Value ConvKernel::emitEpilogue(KernelBuilder &b, Value sum) {
  DenseMap<Value, Value> values;
  values[conv.getResult()] = sum;
  Value last = sum;
  for (ElementwiseOpInterface op : epilogue) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      Value known = values.lookup(operand);
      operands.push_back(known ? known : b.splat(*getImmediate(operand)));
    }
    last = values[op->getResult(0)] = op.emitScalar(b, op.getLoc(), operands);
  }
  return last;
}
