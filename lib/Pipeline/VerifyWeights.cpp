// Recipes: before the schedule phase none of them knows of a target, behind it each weight is
// stored as the kernel that reads it wants it.

#include "VerifyPhase.h"

#include "dlc/IR/Dlc.h"

using namespace mlir;
using namespace dlc;

/// Layouts that only weights have.
static bool isWeightLayout(Attribute layout) {
  return isa_and_nonnull<FilterLayoutAttr, GateLayoutAttr, PaddedLayoutAttr>(layout);
}

//===----------------------------------------------------------------------===//
// Sources and steps
//===----------------------------------------------------------------------===//

/// Each range of a weight lies in a file of the module's table.
static LogicalResult verifySources(Operation *op, ArrayRef<SourceAttr> sources) {
  std::optional<RangeAttr> stray;
  for (NamedAttribute attr : op->getAttrs())
    attr.getValue().walk([&](RangeAttr range) {
      bool isListed = range.getFile() < static_cast<int64_t>(sources.size());
      int64_t size = isListed ? sources[range.getFile()].getSize() : 0;
      if (!isListed || range.getOffset() > size || range.getLength() > size - range.getOffset())
        stray = range;
    });
  if (!stray)
    return success();
  return op->emitError("expected weights in one of the module's ")
         << sources.size() << " sources, found " << *stray;
}

/// What is independent of a target stores nothing in a layout.
static LogicalResult verifySteps(Operation *op, Phase phase) {
  bool isPacked = false;
  for (NamedAttribute attr : op->getAttrs())
    attr.getValue().walk([&](PackAttr) { isPacked = true; });
  if (!isPacked || phase >= Phase::Schedule)
    return success();
  return op->emitError("expected no recipe that packs a weight after phase ") << getFlag(phase);
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// The type says what the recipe leaves.
static LogicalResult verifyResult(Operation *op, WeightAttr weight, PlannedType type) {
  Attribute layout = weight ? weight.getLayout() : Attribute();
  if (type.getLayout() != layout)
    return op->emitError("expected the layout that the recipe packs in, found ") << type;
  std::optional<SmallVector<int64_t>> shape = type.getStaticShape();
  if (weight && (!shape || *shape != weight.getResultShape() ||
                 type.getElementType() != weight.getElementType()))
    return op->emitError("expected the shape and element type that the recipe gives, found ")
           << type;
  return success();
}

/// Values that are computed have other layouts than weights.
static LogicalResult verifyComputed(Operation *op) {
  if (isa<ConstantOp, WeightSlotOp>(op))
    return success();
  for (Type type : op->getResultTypes())
    if (PlannedType tensor = getTensor(type); tensor && isWeightLayout(tensor.getLayout()))
      return op->emitError("expected the layout of a weight on constants alone, found ") << type;
  return success();
}

/// How the operand of an op of a box or kernel lies in memory.
static Attribute getStoredLayout(Value operand) {
  PlannedType type;
  if (auto argument = dyn_cast<BlockArgument>(operand)) {
    auto box = dyn_cast<KernelOp>(argument.getOwner()->getParentOp());
    type = box ? getTensor(box.getInputs()[argument.getArgNumber()].getType()) : PlannedType();
  } else if (auto read = operand.getDefiningOp<ReadOp>()) {
    type = getTensor(read.getBuffer().getType());
  }
  return type ? type.getLayout() : Attribute();
}

/// Whether the kernels of an algorithm read constant factors from panels.
static bool readsPanels(ScheduleAttr schedule) {
  switch (schedule.getAlgorithm()) {
  case Algorithm::direct_conv:
  case Algorithm::row_conv:
  case Algorithm::depthwise:
  case Algorithm::winograd:
  case Algorithm::cuda_gemm:
  case Algorithm::cuda_wgmma:
    return true;
  default:
    return false;
  }
}

/// The weights of an anchor are packed.
static LogicalResult verifyPacked(Operation *op, ScheduleAttr schedule, Phase phase) {
  auto check = [&](Value operand, auto isRight, StringRef role) -> LogicalResult {
    if (!operand || isRight(getStoredLayout(operand)))
      return success();
    return op->emitError("expected packed weights after phase ")
           << getFlag(phase) << ", but '" << role << "' is not";
  };
  auto isPanels = [](Attribute layout) {
    return isa_and_nonnull<FilterLayoutAttr, DeviceLayoutAttr>(layout);
  };
  auto isPadded = [](Attribute layout) { return isa_and_nonnull<PaddedLayoutAttr>(layout); };
  auto isGates = [](Attribute layout) { return isa_and_nonnull<GateLayoutAttr>(layout); };
  if (auto recurrence = dyn_cast<RecurrenceOp>(op))
    return check(recurrence.getWeights(), isGates, "weights");
  if (!readsPanels(schedule))
    return success();
  Value factor, bias;
  if (auto conv = dyn_cast<ConvOp>(op)) {
    factor = conv.getFilter();
    bias = conv.getBias();
  } else if (auto matmul = dyn_cast<MatmulOp>(op)) {
    factor = matmul.getRhs();
    bias = matmul.getBias();
  }
  return success(succeeded(check(factor, isPanels, isa<ConvOp>(op) ? "filter" : "rhs")) &&
                 succeeded(check(bias, isPadded, "bias")));
}

/// The schedule that an op of a box or kernel runs by; null outside of them.
static ScheduleAttr getSchedule(Operation *op) {
  if (auto box = op->getParentOfType<KernelOp>())
    return box.getScheduleAttr();
  auto function = op->getParentOfType<func::FuncOp>();
  return function ? function->getAttrOfType<ScheduleAttr>(scheduleName) : ScheduleAttr();
}

//===----------------------------------------------------------------------===//
// The weights section
//===----------------------------------------------------------------------===//

/// Every slot is a row of the module's table.
static LogicalResult verifySlot(WeightSlotOp slot, ArrayRef<PlacedWeight> table) {
  auto isSlot = [&](const PlacedWeight &placed) {
    return placed.offset == static_cast<int64_t>(slot.getOffset()) &&
           placed.weight == slot.getWeight();
  };
  if (llvm::none_of(table, isSlot))
    return slot.emitError("expected this weight at offset ")
           << slot.getOffset() << " of the module's weights";
  return verifyResult(slot, slot.getWeight(), slot.getType().getTensor());
}

static LogicalResult verifyOp(Operation *op, Phase phase, ArrayRef<SourceAttr> sources,
                              ArrayRef<PlacedWeight> table) {
  if (failed(verifySources(op, sources)) || failed(verifySteps(op, phase)))
    return failure();
  if (phase < Phase::Schedule)
    return success();
  if (failed(verifyComputed(op)))
    return failure();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return verifyResult(op, dyn_cast<WeightAttr>(constant.getValue()), constant.getType());
  if (auto slot = dyn_cast<WeightSlotOp>(op))
    return verifySlot(slot, table);
  ScheduleAttr schedule = getSchedule(op);
  return schedule ? verifyPacked(op, schedule, phase) : success();
}

LogicalResult dlc::verifyWeights(ModuleOp module, Phase phase) {
  FailureOr<SmallVector<SourceAttr>> sources = getSources(module);
  if (failed(sources))
    return failure();
  SmallVector<PlacedWeight> table;
  if (phase == Phase::Plan) {
    FailureOr<SmallVector<PlacedWeight>> placed = getWeights(module);
    if (failed(placed))
      return failure();
    table = std::move(*placed);
  }
  bool valid = true;
  module.walk([&](Operation *op) { valid &= succeeded(verifyOp(op, phase, *sources, table)); });
  return success(valid);
}
