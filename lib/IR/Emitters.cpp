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
/// and again.
static bool broadcastsAtRunTime(PlannedType operand, PlannedType result) {
  ArrayRef<ExprAttr> dims = operand.getDims();
  return llvm::any_of(
      llvm::zip_equal(dims, result.getDims().take_back(dims.size())),
      [](auto pair) { return dlc::broadcastsAtRunTime(std::get<0>(pair), std::get<1>(pair)); });
}

static std::optional<std::string> getElementwiseObstacle(Operation *op) {
  if (auto pow = dyn_cast<PowOp>(op))
    if (std::optional<std::string> obstacle = getPowObstacle(pow))
      return obstacle;
  auto result = cast<PlannedType>(op->getResult(0).getType());
  for (Type operand : op->getOperandTypes())
    if (broadcastsAtRunTime(cast<PlannedType>(operand), result))
      return "dims that may broadcast at run time are not supported";
  return std::nullopt;
}

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

/// Rows of neighbours that a kernel reads for each of its vectors.
static constexpr int64_t maxResizedRows = 16;

static std::optional<std::string> getResizeObstacle(ResizeOp resize) {
  int64_t rank = resize.getInput().getType().getRank(), rows = 1;
  if (rank == 0)
    return "a resize of rank 0 is not supported";
  if (resize.getCoordinates() == ResizeCoordinates::tf_crop_and_resize)
    return "a resize of a part of the input is not supported";
  if (resize.getAntialias() || resize.getExcludeOutside())
    return "a resize with antialias or exclude_outside is not supported";
  if (resize.getSizes())
    return "a resize by one scale for all dims is not supported";
  for (const ResizeOp::ResizedDim &dim : resize.getResizedDims())
    if (dim.dim != rank - 1)
      rows *= resize.getTaps();
  if (rows > maxResizedRows)
    return llvm::formatv("a resize from {0} rows at a time is not supported", rows);
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
    if (isa<ElementwiseOpInterface>(op) && !isEmittedElement(elementType))
      return llvm::formatv("elements of type {0} are not supported", llvm::to_string(elementType));
    if (!isa<ElementwiseOpInterface>(op) && !elementType.isF32())
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
      .Case([](ResizeOp resize) { return getResizeObstacle(resize); })
      .Case([](MatmulOp matmul) { return getMatmulObstacle(matmul); })
      .Case<ReduceOp, SoftmaxOp>([](auto) { return std::nullopt; })
      .Case([&](ElementwiseOpInterface) { return getElementwiseObstacle(op); })
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
  return isa<ElementwiseOpInterface>(use.getOwner()) && constant.getType().getRank() == 0;
}

/// A sum may also read another value of the same shape: the shortcut of a residual block.
bool dlc::isEpilogue(Operation *op, Value value) {
  if (!isa<ElementwiseOpInterface>(op) || op->getResult(0).getType() != value.getType())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &use) {
    return use.get() == value || isImmediate(use) ||
           (isa<AddOp>(op) && use.get().getType() == value.getType());
  });
}
