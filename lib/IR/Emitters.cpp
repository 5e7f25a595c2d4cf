#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ScopedPrinter.h"

using namespace mlir;
using namespace dlc;

static bool areConstants(ValueRange values) {
  return llvm::all_of(values,
                      [](Value value) { return !value || value.getDefiningOp<ConstantOp>(); });
}

/// The graph phase makes a convolution over one dim one over two, and one over three by a constant
/// filter as well.
static std::optional<std::string> getConvObstacle(ConvOp conv) {
  if (conv.getInput().getType().getRank() != 4)
    return llvm::formatv("convolution over {0} dims is not supported, only over 2",
                         conv.getInput().getType().getRank() - 2);
  if (!conv.getInput().getType().getDim(1).getConstant())
    return "an unknown number of channels is not supported";
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

bool dlc::isMovement(Operation *op) {
  return isa<BroadcastOp, TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, IotaOp, ViewOp>(op);
}

//===----------------------------------------------------------------------===//
// Obstacles
//===----------------------------------------------------------------------===//

/// The emitter walks along scale and bias as it does along a row.
static std::optional<std::string> getLayerNormObstacle(LayerNormOp norm) {
  ArrayRef<ExprAttr> row = norm.getType().getDims().drop_front(norm.getDim());
  for (Value factor : norm.getOperands().drop_front())
    if (cast<PlannedType>(factor.getType()).getDims() != row)
      return "a scale or bias of other dims than those that are normalized is not supported";
  return std::nullopt;
}

/// Weights are packed.
static std::optional<std::string> getRecurrenceObstacle(RecurrenceOp recurrence) {
  if (!areConstants({recurrence.getWeights()}))
    return "weights that are not a constant are not supported";
  for (StringRef name : recurrence.getActivations().getAsValueRange<StringAttr>())
    if (!llvm::is_contained({"Relu", "Sigmoid", "Tanh"}, name))
      return llvm::formatv("activation '{0}' is not supported", name);
  return std::nullopt;
}

/// Elements of a head: the kernel keeps a block of keys in its scratch memory.
static constexpr int64_t largestHead = 512;

/// A mask's dims are known to broadcast or not.
static std::optional<std::string> getAttentionObstacle(AttentionOp attention) {
  PlannedType key = attention.getKey().getType(), value = attention.getValue().getType();
  if (key.getDim(3).getConstant().value_or(largestHead + 1) > largestHead ||
      !value.getDim(3).getConstant())
    return llvm::formatv("heads of more than {0} elements, or a number that only the run knows, "
                         "are not supported",
                         largestHead);
  if (attention.getMask()) {
    PlannedType mask = attention.getMask().getType();
    if (!mask.getElementType().isF32() && !isBool(mask.getElementType()))
      return "a mask of other elements than f32 or i1 is not supported";
    SmallVector<ExprAttr> scores = attention.getScoreDims();
    for (auto [dim, to] : llvm::zip(llvm::reverse(mask.getDims()), llvm::reverse(scores)))
      if (dim != to && dim.getConstant() != 1)
        return "a mask that may broadcast or not is not supported";
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
    bool takesAll = isa<ElementwiseOpInterface, LastWriterOp>(op) || isMovement(op);
    if (takesAll && !isEmittedElement(elementType))
      return llvm::formatv("elements of type {0} are not supported", llvm::to_string(elementType));
    bool isLength = isa<RecurrenceOp>(op) && elementType.isSignlessInteger(32);
    bool isMask = isa<AttentionOp>(op) && isBool(elementType);
    if (!takesAll && !elementType.isF32() && !isLength && !isMask)
      return llvm::formatv("elements of type {0} are not supported, only f32",
                           llvm::to_string(elementType));
  }
  return TypeSwitch<Operation *, Obstacle>(op)
      .Case([](ConvOp conv) { return getConvObstacle(conv); })
      .Case([](PoolOp pool) -> Obstacle {
        if (pool.getInput().getType().getRank() != 4)
          return llvm::formatv("pooling over {0} dims is not supported, only over 2",
                               pool.getInput().getType().getRank() - 2);
        return std::nullopt;
      })
      .Case([](ResizeOp resize) { return getResizeObstacle(resize); })
      .Case([](PowOp pow) { return getPowObstacle(pow); })
      .Case([](LayerNormOp norm) { return getLayerNormObstacle(norm); })
      .Case([](RecurrenceOp recurrence) { return getRecurrenceObstacle(recurrence); })
      .Case([](AttentionOp attention) { return getAttentionObstacle(attention); })
      .Case<MatmulOp, ReduceOp, SoftmaxOp, ElementwiseOpInterface>(
          [](auto) { return std::nullopt; })
      .Case<BroadcastOp, TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, IotaOp>(
          [](auto) { return std::nullopt; })
      .Case([](LastWriterOp writer) -> Obstacle { // by the blocks of a device alone
        if (getDevice(writer))
          return std::nullopt;
        return "a loop over all rows has no kernel";
      })
      .Default([](Operation *other) {
        return llvm::formatv("'{0}' is not supported", other->getName().getStringRef()).str();
      });
}

/// Devices have no library of math functions, and the polynomials are of f32. What divides and
/// roots is exact there too.
static bool needsMathLibrary(Operation *op) {
  if (isa<ModOp>(op))
    return isFloat(cast<PlannedType>(op->getResult(0).getType()).getElementType());
  bool isF64 = llvm::any_of(op->getResultTypes(), [](Type type) {
    return cast<PlannedType>(type).getElementType().isF64();
  });
  return isF64 && isa<AcosOp, AcoshOp, AsinOp, AsinhOp, AtanOp, AtanhOp, CosOp, CoshOp, ErfOp,
                      ExpOp, LogOp, PowOp, SigmoidOp, SinOp, SinhOp, TanOp, TanhOp>(op);
}

/// The result of a query lies in registers.
static std::optional<std::string> getAttentionDeviceObstacle(AttentionOp attention) {
  constexpr int64_t largest = 128;
  for (PlannedType type : {attention.getKey().getType(), attention.getValue().getType()}) {
    int64_t size = type.getDim(3).getConstant().value_or(0);
    if (size < 1 || size > largest)
      return llvm::formatv("heads of no or more than {0} elements have no device code", largest);
  }
  return std::nullopt;
}

std::optional<std::string> dlc::getDeviceObstacle(Operation *op) {
  if (isa<RecurrenceOp>(op))
    return "a recurrence has no device code";
  if (auto attention = dyn_cast<AttentionOp>(op))
    return getAttentionDeviceObstacle(attention);
  if (isa<ElementwiseOpInterface>(op) && needsMathLibrary(op))
    return llvm::formatv("'{0}' has no device code for its element type",
                         op->getName().stripDialect());
  return std::nullopt;
}

bool dlc::areTapsFar(ConvOp conv) {
  constexpr int64_t mostSteps = 1 << 15, mostBits = 31;
  ArrayRef<ExprAttr> dims = conv.getFilter().getType().getDims();
  int64_t height = *dims[2].getConstant(), width = *dims[3].getConstant();
  bool areInside = llvm::all_of(conv.getPads(), [](int64_t pad) { return pad == 0; });
  return height * conv.getDilations()[0] >= mostSteps ||
         width * conv.getDilations()[1] >= mostSteps || (!areInside && height + width > mostBits);
}

bool dlc::readsChunks(Operation *product, PlannedType left, Type operandType) {
  auto layout = dyn_cast_or_null<DeviceLayoutAttr>(left.getLayout());
  if (!layout || layout.getType() != operandType)
    return false;
  if (auto conv = dyn_cast<ConvOp>(product))
    return layout.getChannelsLast() && !areTapsFar(conv);
  return cast<MatmulOp>(product).getInnerDim().getConstant().value_or(1) % layout.getChunk() == 0;
}

ExprAttr dlc::getNumTiles(Operation *product, ScheduleAttr schedule) {
  MLIRContext *context = product->getContext();
  ArrayRef<ExprAttr> dims = cast<PlannedType>(product->getResult(0).getType()).getDims();
  ExprAttr one = ExprAttr::constant(context, 1);
  auto count = [&](ExprAttr rows, ExprAttr columns) {
    return ceilDiv(rows, schedule.getPixels().front()) * ceilDiv(columns, schedule.getChannels());
  };
  if (isa<ConvOp>(product))
    return count(dims[0] * dims[2] * dims[3], dims[1]);
  if (schedule.getAlgorithm() != Algorithm::cuda_matmul)
    return count(getProduct(context, dims.drop_back()), dims.back());
  auto matmul = cast<MatmulOp>(product);
  ExprAttr rows = matmul.getRows(), columns = matmul.getColumns();
  return getProduct(context, matmul.getBatchDims()) *
         count(rows ? rows : one, columns ? columns : one);
}

ExprAttr dlc::getNumSlices(ExprAttr tiles, ScheduleAttr schedule) {
  MLIRContext *context = schedule.getContext();
  int64_t slices = schedule.getSlices();
  auto get = [&](int64_t value) { return ExprAttr::constant(context, value); };
  if (slices == 1 || tiles.getConstant())
    return get(slices);
  // Half as many for twice the tiles.
  ExprAttr number = get(1);
  for (int64_t next = slices / 2; slices > 1;
       slices = next, next = std::max<int64_t>(next / 2, 1)) {
    ExprAttr areFew = maximum(get(0), minimum(get(1), get(usualBlocks / slices + 1) - tiles));
    number = number + areFew * (slices - next);
  }
  return number;
}

bool dlc::isHostOp(Operation *op) {
  return isa<LibraryCallOp, MatchOp, AbsentOp, WrapOp, BindOp, GuardOp, IfOp, LoopOp>(op);
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
bool dlc::isEpilogue(Operation *op, ArrayRef<Operation *> members, PlannedType anchored) {
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

bool dlc::takesPrologue(Operation *anchor) {
  if (auto norm = dyn_cast<LayerNormOp>(anchor))
    return norm.getDim() + 1 == norm.getType().getRank();
  auto softmax = dyn_cast<SoftmaxOp>(anchor);
  return softmax && softmax.getDim() + 1 == softmax.getType().getRank();
}

/// What has no device code would take the anchor along.
bool dlc::isPrologue(Operation *op) {
  return isa<ElementwiseOpInterface, BroadcastOp, GatherOp, IotaOp>(op) && !getDeviceObstacle(op);
}
