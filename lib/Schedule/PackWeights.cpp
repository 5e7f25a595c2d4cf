// Gives filters, matrices and biases the layouts that their kernels read. Each use gets a constant
// of its own; the plan phase stores equal ones once.

#include "Algorithms.h"

#include "dlc/IR/Dlc.h"
#include "dlc/Schedule/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-pack-weights"

namespace dlc {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Replaces what `reader` reads through an operand of its box by the same constant after more
/// recipe steps, the last of which packs it in `layout`. Other readers of the operand, which ask
/// for other layouts, keep it: then the box gets one more.
static LogicalResult pack(OpOperand &reader, Attribute layout, bool transpose = false) {
  auto box = cast<KernelOp>(reader.getOwner()->getParentOp());
  auto blockArgument = dyn_cast<BlockArgument>(reader.get());
  if (!blockArgument)
    return box.emitError("expected weights that are operands of the box");
  if (!blockArgument.hasOneUse()) {
    box.getInputsMutable().append(box->getOperand(blockArgument.getArgNumber()));
    blockArgument =
        blockArgument.getOwner()->addArgument(blockArgument.getType(), blockArgument.getLoc());
    reader.set(blockArgument);
  }
  OpOperand &use = box->getOpOperand(blockArgument.getArgNumber());
  auto constant = use.get().getDefiningOp<ConstantOp>();
  if (!constant)
    return box.emitError("expected constant weights");
  MLIRContext *context = constant.getContext();
  WeightAttr weight = constant.getWeight();
  if (transpose)
    weight = weight.withStep(TransposeAttr::get(context));
  weight = weight.withStep(PackAttr::get(context, layout));
  SmallVector<ExprAttr> dims = llvm::map_to_vector(
      weight.getResultShape(), [&](int64_t dim) { return ExprAttr::constant(context, dim); });
  OpBuilder builder(box);
  use.set(ConstantOp::create(builder, constant.getLoc(),
                             PlannedType::get(dims, weight.getElementType(), layout), weight));
  blockArgument.setType(cast<PlannedType>(use.get().getType()).withoutLayout());
  return success();
}

/// A factor, and the bias, if there is one, with zeros for whole tiles of `channels`.
static LogicalResult packBoth(OpOperand &factor, Attribute layout, MutableOperandRange bias,
                              int64_t channels, bool transpose = false) {
  if (failed(pack(factor, layout, transpose)))
    return failure();
  if (bias.empty())
    return success();
  return pack(bias[0], PaddedLayoutAttr::get(layout.getContext(), channels));
}

/// The constant factor of a product by tensor cores lies as they take it; null for other products.
static Attribute getProductLayout(ScheduleAttr schedule) {
  Algorithm algorithm = schedule.getAlgorithm();
  bool isByWeights = algorithm == Algorithm::cuda_gemm || algorithm == Algorithm::cuda_wgmma;
  if (!isByWeights || schedule.getPrecision() == Precision::fp32)
    return Attribute();
  return DeviceLayoutAttr::get(schedule.getContext(),
                               getOperandType(schedule.getContext(), schedule.getPrecision()),
                               /*channelsLast=*/true);
}

/// Vectors of channels read the taps of neighbours together; else the filter is read as it is.
static LogicalResult packWindow(KernelOp box, ConvOp conv) {
  if (box.getScheduleAttr().getLanes() == 1)
    return success();
  int64_t channels = *conv.getType().getDim(1).getConstant();
  return pack(conv.getFilterMutable(), FilterLayoutAttr::get(box.getContext(), channels, 1));
}

static LogicalResult packConv(KernelOp box, ConvOp conv) {
  ScheduleAttr schedule = box.getScheduleAttr();
  int64_t channels = schedule.getChannels();
  if (schedule.getAlgorithm() == Algorithm::cuda_window)
    return packWindow(box, conv);
  if (Attribute layout = getProductLayout(schedule))
    return packBoth(conv.getFilterMutable(), layout, conv.getBiasMutable(), channels);
  auto input = dyn_cast<BlockArgument>(getReadImage(conv));
  if (!input)
    return box.emitError("expected a convolution of an operand of the box");
  auto type = cast<PlannedType>(box.getInputs()[input.getArgNumber()].getType());
  Algorithm algorithm = schedule.getAlgorithm();
  bool isWinograd = algorithm == Algorithm::winograd;
  auto image = dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  int64_t block = image ? image.getBlock() : 1, inputs = block;
  if (algorithm == Algorithm::depthwise)
    inputs = 1;
  else if (algorithm == Algorithm::cuda_gemm) // tap by tap
    inputs = std::max<int64_t>(*conv.getFilter().getType().getDim(1).getConstant(), 1);
  auto panels = FilterLayoutAttr::get(box.getContext(),
                                      isWinograd ? getWinogradPanel(channels, block) : channels,
                                      inputs, isWinograd);
  return packBoth(conv.getFilterMutable(), panels, conv.getBiasMutable(), channels);
}

/// A matrix product by constants reads the panels of a 1x1 convolution: N x K.
static LogicalResult packMatmul(KernelOp box, MatmulOp matmul) {
  int64_t channels = box.getScheduleAttr().getChannels();
  int64_t inner = std::max<int64_t>(*matmul.getInnerDim().getConstant(), 1);
  bool transpose = !matmul.getTransposeRhs();
  matmul.setTransposeRhs(true);
  Attribute layout = getProductLayout(box.getScheduleAttr());
  if (!layout)
    layout = FilterLayoutAttr::get(box.getContext(), channels, inner);
  return packBoth(matmul.getRhsMutable(), layout, matmul.getBiasMutable(), channels, transpose);
}

static LogicalResult packWeights(KernelOp box) {
  ConvOp conv = getFirst<ConvOp>(box);
  MatmulOp matmul = getFirst<MatmulOp>(box);
  RecurrenceOp recurrence = getFirst<RecurrenceOp>(box);
  if (!conv && !matmul && !recurrence)
    return success();
  if (!box.getSchedule())
    return box.emitError("expected a schedule");
  if (recurrence)
    return pack(recurrence.getWeightsMutable(),
                GateLayoutAttr::get(box.getContext(), recurrence.getNumGates(),
                                    box.getScheduleAttr().getLanes()));
  if (conv)
    return packConv(box, conv);
  return isPacked(matmul) ? packMatmul(box, matmul) : success();
}

namespace {
struct PackWeights : dlc::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    WalkResult result =
        getOperation().walk([](KernelOp box) { return WalkResult(packWeights(box)); });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
