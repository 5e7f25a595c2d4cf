#include "dlc/IR/Emitters.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ScopedPrinter.h"

using namespace mlir;
using namespace dlc;

static bool areConstants(ValueRange values) {
  return llvm::all_of(values,
                      [](Value value) { return !value || value.getDefiningOp<ConstantOp>(); });
}

/// The graph phase makes a convolution over one dim one over two.
static std::optional<std::string> getConvObstacle(ConvOp conv) {
  if (conv.getInput().getType().getRank() != 4)
    return llvm::formatv("convolution over {0} dims is not supported, only over 2",
                         conv.getInput().getType().getRank() - 2);
  if (!areConstants({conv.getFilter(), conv.getBias()}))
    return "a filter or bias that is not a constant is not supported";
  return std::nullopt;
}

bool dlc::isEmittedElement(Type elementType) {
  return isNumber(elementType) || isBool(elementType);
}

/// Powers of integers are exact and wrap around, which takes a loop for each element.
static std::optional<std::string> getPowObstacle(PowOp pow) {
  Type elementType = pow.getType().getElementType();
  if (!isFloat(elementType))
    return llvm::formatv("a power of elements of type {0} is not supported",
                         llvm::to_string(elementType));
  return std::nullopt;
}

/// Whether a dim of an operand is 1 or not, as only the run knows, and so is read along it or again
/// and again. Nothing else checks that the sizes fit.
static std::optional<std::string> getBroadcastObstacle(Operation *op) {
  if (auto pow = dyn_cast<PowOp>(op))
    if (std::optional<std::string> obstacle = getPowObstacle(pow))
      return obstacle;
  ArrayRef<ExprAttr> result = cast<PlannedType>(op->getResult(0).getType()).getDims();
  for (Type operand : op->getOperandTypes()) {
    ArrayRef<ExprAttr> dims = cast<PlannedType>(operand).getDims();
    for (auto [dim, to] : llvm::zip_equal(dims, result.take_back(dims.size())))
      if (broadcastsAtRunTime(dim, to))
        return "dims that may broadcast at run time are not supported";
  }
  return std::nullopt;
}

bool dlc::isMovement(Operation *op) {
  return isa<BroadcastOp, TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, IotaOp>(op);
}

//===----------------------------------------------------------------------===//
// Transposition
//===----------------------------------------------------------------------===//

namespace {
/// Follows the dims of a result into what it is computed from. For each dim of a value, `dims` has
/// the dim of the result that it is; -1 where it is none, or not one step for one step.
class DimTracker {
public:
  explicit DimTracker(int64_t rank) : last(rank - 1) {}

  std::optional<int64_t> find(Value value, ArrayRef<int64_t> dims) {
    Operation *op = value.getDefiningOp();
    if (!op || isa<ReadOp>(op))
      return !dims.empty() && dims.back() != last && dims.back() != -1 &&
                     llvm::is_contained(dims, last)
                 ? std::optional(dims.back())
                 : std::nullopt;
    if (!isMovement(op) && !isa<ElementwiseOpInterface>(op))
      return std::nullopt;
    for (OpOperand &use : op->getOpOperands())
      if (std::optional<int64_t> dim = find(use.get(), getOperandDims(use, dims)))
        return dim;
    return std::nullopt;
  }

private:
  static SmallVector<int64_t> getOperandDims(OpOperand &use, ArrayRef<int64_t> dims);

  int64_t last;
};
} // namespace

static bool isZero(Attribute expr) { return cast<ExprAttr>(expr).getConstant() == 0; }

static SmallVector<int64_t> getGatherDims(GatherOp gather, OpOperand &use, ArrayRef<int64_t> dims) {
  int64_t axis = gather.getDim(), rank = gather.getIndices().getType().getRank();
  if (use.getOperandNumber() == gather.getIndicesMutable().getOperandNumber())
    return SmallVector<int64_t>(dims.slice(axis, rank));
  SmallVector<int64_t> result(dims.take_front(axis));
  result.push_back(-1);
  llvm::append_range(result, dims.drop_front(axis + rank));
  return result;
}

SmallVector<int64_t> DimTracker::getOperandDims(OpOperand &use, ArrayRef<int64_t> dims) {
  auto operand = cast<PlannedType>(use.get().getType());
  ArrayRef<int64_t> aligned = dims.take_back(operand.getRank());
  SmallVector<int64_t> result(aligned);
  TypeSwitch<Operation *>(use.getOwner())
      .Case([&](TransposeOp transpose) {
        for (auto [dim, source] : llvm::zip_equal(dims, transpose.getSourceDims()))
          result[source] = dim;
      })
      .Case([&](GatherOp gather) { result = getGatherDims(gather, use, dims); })
      .Case([&](SliceOp slice) {
        for (auto [dim, step] : llvm::zip_equal(result, slice.getSteps()))
          dim = step == 1 ? dim : -1;
      })
      .Case([&](PadOp pad) {
        for (auto [i, dim] : llvm::enumerate(result))
          dim = isZero(pad.getLow()[i]) && isZero(pad.getHigh()[i]) ? dim : -1;
      })
      .Case([&](ConcatOp) {})
      .Default([&](Operation *) {
        for (auto [dim, size] : llvm::zip_equal(result, operand.getDims()))
          dim = size.getConstant() == 1 ? -1 : dim;
      });
  return result;
}

std::optional<int64_t> dlc::getTransposedDim(Value result) {
  int64_t rank = cast<PlannedType>(result.getType()).getRank();
  if (rank < 2)
    return std::nullopt;
  return DimTracker(rank).find(result, llvm::to_vector(llvm::seq<int64_t>(rank)));
}

//===----------------------------------------------------------------------===//
// Obstacles
//===----------------------------------------------------------------------===//

static std::optional<std::string> getMatmulObstacle(MatmulOp matmul) {
  ArrayRef<ExprAttr> batch = matmul.getBatchDims();
  for (PlannedType factor : {matmul.getLhs().getType(), matmul.getRhs().getType()}) {
    ArrayRef<ExprAttr> dims = MatmulOp::getOuterDims(factor);
    for (auto [dim, to] : llvm::zip_equal(dims, batch.take_back(dims.size())))
      if (dlc::broadcastsAtRunTime(dim, to))
        return "dims that may broadcast at run time are not supported";
  }
  return std::nullopt;
}

/// The emitter walks along scale and bias as it does along a row.
static std::optional<std::string> getLayerNormObstacle(LayerNormOp norm) {
  ArrayRef<ExprAttr> row = norm.getType().getDims().drop_front(norm.getDim());
  for (Value factor : norm.getOperands().drop_front())
    if (cast<PlannedType>(factor.getType()).getDims() != row)
      return "a scale or bias of other dims than those that are normalized is not supported";
  return std::nullopt;
}

std::optional<std::string> dlc::getEmissionObstacle(Operation *op) {
  using Obstacle = std::optional<std::string>;
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes())) {
    auto planned = dyn_cast<PlannedType>(type);
    if (planned && !planned.hasRank())
      return "expected known shapes, which the graph phase finds";
    if (!planned)
      continue;
    Type elementType = planned.getElementType();
    bool takesAll = isa<ElementwiseOpInterface>(op) || isMovement(op);
    if (takesAll && !isEmittedElement(elementType))
      return llvm::formatv("elements of type {0} are not supported", llvm::to_string(elementType));
    if (!takesAll && !elementType.isF32())
      return llvm::formatv("elements of type {0} are not supported, only f32",
                           llvm::to_string(elementType));
  }
  return TypeSwitch<Operation *, Obstacle>(op)
      .Case([](ConvOp conv) { return getConvObstacle(conv); })
      .Case([](MaxPoolOp pool) -> Obstacle {
        if (pool.getInput().getType().getRank() != 4)
          return llvm::formatv("pooling over {0} dims is not supported, only over 2",
                               pool.getInput().getType().getRank() - 2);
        return std::nullopt;
      })
      .Case([](ResizeOp resize) -> Obstacle {
        if (resize.getInput().getType().getRank() < 2)
          return "a resize of fewer than 2 dims is not supported";
        return std::nullopt;
      })
      .Case([](MatmulOp matmul) { return getMatmulObstacle(matmul); })
      .Case([](LayerNormOp norm) { return getLayerNormObstacle(norm); })
      .Case<ReduceOp, SoftmaxOp>([](auto) { return std::nullopt; })
      .Case<ElementwiseOpInterface, BroadcastOp>([&](auto) { return getBroadcastObstacle(op); })
      .Case<TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, IotaOp>(
          [](auto) { return std::nullopt; })
      .Default([](Operation *other) {
        return llvm::formatv("'{0}' is not supported", other->getName().getStringRef()).str();
      });
}

bool dlc::isHostOp(Operation *op) {
  return isa<LibraryCallOp, MatchOp, AbsentOp, WrapOp, BindOp, GuardOp, IfOp, LoopOp>(op);
}

bool dlc::isView(Operation *op) { return isa_and_nonnull<ViewOp>(op); }

Value dlc::getViewed(Value value) {
  while (isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

bool dlc::isImmediate(OpOperand &use) {
  auto constant = use.get().getDefiningOp<ConstantOp>();
  if (!constant || !isa<DenseElementsAttr>(constant.getValue()))
    return false;
  if (auto resize = dyn_cast<ResizeOp>(use.getOwner()))
    return use.get() == resize.getScales();
  return isa<ElementwiseOpInterface, PadOp>(use.getOwner()) && constant.getType().getRank() == 0;
}

/// Numbers are f32, as the anchor's result; comparisons between them are i1.
bool dlc::isEpilogue(Operation *op, ArrayRef<Operation *> members) {
  auto anchored = cast<PlannedType>(members.front()->getResult(0).getType());
  if (!isa<ElementwiseOpInterface>(op))
    return false;
  auto result = cast<PlannedType>(op->getResult(0).getType());
  bool isComputed = result == anchored || isBool(result.getElementType());
  if (!isComputed || result.getDims() != anchored.getDims())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &use) {
    return llvm::is_contained(members, use.get().getDefiningOp()) ||
           (isImmediate(use) && cast<PlannedType>(use.get().getType()).getElementType().isF32()) ||
           use.get().getType() == anchored;
  });
}
