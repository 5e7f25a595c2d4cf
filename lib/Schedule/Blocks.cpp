#include "Blocks.h"

using namespace mlir;
using namespace dlc;

/// The argument of the body that stands for an operand of a box.
static Value getArgument(OpOperand &use) {
  return cast<KernelOp>(use.getOwner()).getBody().getArgument(use.getOperandNumber());
}

ConvOp dlc::getConvOfInput(OpOperand &use) {
  auto box = dyn_cast<KernelOp>(use.getOwner());
  ConvOp conv = box ? getFirst<ConvOp>(box) : ConvOp();
  return conv && getReadImage(conv) == getArgument(use) ? conv : ConvOp();
}

/// [top, left, bottom, right]: the halo that the kernel of a convolution reads, which has zeros
/// where a tap is not worth a branch. Direct ones leave out what a dilated filter has outside of
/// the image: whole rows, and columns that lie there for all pixels of a tile. What else they read
/// is no farther from the image than a tile is wide.
static SmallVector<int64_t> getHalo(ConvOp conv, TargetAttr target) {
  SmallVector<int64_t> halo(conv.getPads());
  if (getConvForm(conv, target) != ConvForm::direct)
    return halo;
  if (conv.getDilations()[0] != 1)
    halo[0] = halo[2] = 0;
  if (conv.getDilations()[1] != 1)
    for (int64_t side : {1, 3})
      halo[side] = std::min<int64_t>(halo[side], (widestDirectTile - 1) * conv.getStrides()[1]);
  return halo;
}

/// The same for all convolutions that read `value`.
static SmallVector<int64_t> getHalo(Value value, TargetAttr target) {
  SmallVector<int64_t> halo(4, 0);
  for (OpOperand &use : value.getUses())
    if (ConvOp conv = getConvOfInput(use))
      for (auto [width, other] : llvm::zip_equal(halo, getHalo(conv, target)))
        width = std::max(width, other);
  return halo;
}

/// Whether `op` is a box whose emitter knows layouts of images.
static bool knowsImages(Operation *op) {
  auto box = dyn_cast_or_null<KernelOp>(op);
  return box && !getFirst<MatmulOp>(box) && !getFirst<RecurrenceOp>(box) &&
         !getFirst<AttentionOp>(box) && box.getKind() != BoxKind::rows;
}

/// Whether `op` takes or joins whole blocks of channels of one image, which lie one after the
/// other: in blocks, too, it is nothing but a place in memory.
static bool movesBlocks(Operation *op, int64_t lanes) {
  auto isOne = [](ExprAttr dim) { return dim.getConstant() == 1; };
  auto areBlocks = [&](ExprAttr channels) {
    return channels.getConstant().value_or(1) % lanes == 0;
  };
  if (auto concat = dyn_cast_or_null<ConcatOp>(op))
    return concat.getType().getRank() == 4 && concat.getDim() == 1 &&
           isOne(concat.getType().getDim(0)) &&
           llvm::all_of(concat.getInputs().drop_back(), [&](Value input) {
             return areBlocks(cast<PlannedType>(input.getType()).getDim(1));
           });
  auto slice = dyn_cast_or_null<SliceOp>(op);
  if (!slice || slice.getType().getRank() != 4)
    return false;
  PlannedType input = slice.getInput().getType(), result = slice.getType();
  auto start = cast<ExprAttr>(slice.getStarts()[1]);
  return isOne(input.getDim(0)) && slice.getSteps()[1] == 1 && areBlocks(start) &&
         (areBlocks(result.getDim(1)) || start + result.getDim(1) == input.getDim(1)) &&
         result.getDims().take_back(2) == input.getDims().take_back(2) &&
         llvm::all_of(slice.getSteps().take_back(2), [](int64_t step) { return step == 1; });
}

bool dlc::isFree(Value value) {
  return knowsImages(value.getDefiningOp()) && llvm::all_of(value.getUsers(), knowsImages);
}

static bool widenBoth(SmallVector<int64_t> &lhs, SmallVector<int64_t> &rhs) {
  SmallVector<int64_t> both(lhs);
  for (auto [width, other] : llvm::zip_equal(both, rhs))
    width = std::max(width, other);
  bool changed = lhs != both || rhs != both;
  lhs = rhs = both;
  return changed;
}

Blocks::Blocks(func::FuncOp function, TargetAttr target, DenseSet<Value> pinned)
    : target(target), pinned(std::move(pinned)) {
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<KernelOp>(op) || moves(op))
      llvm::append_range(values, op->getResults());
    return isa<KernelOp>(op) ? WalkResult::skip() : WalkResult::advance();
  });
  for (Value value : values)
    if (this->pinned.contains(value) || (isImage(value) && mayBeBlocked(value)))
      blocked.insert(value);
  bool changed = true;
  while (changed) {
    changed = false;
    for (Value value : values)
      if (blocked.contains(value) && !this->pinned.contains(value) && !isPossible(value)) {
        blocked.erase(value);
        changed = true;
      }
  }
}

DenseMap<Value, SmallVector<int64_t>> Blocks::getHalos() const {
  DenseMap<Value, SmallVector<int64_t>> halos;
  for (Value value : values)
    halos[value] = getHalo(value, target);
  bool changed = true;
  while (changed) {
    changed = false;
    for (Value value : values)
      if (Operation *op = value.getDefiningOp(); contains(value) && moves(op))
        for (Value operand : op->getOperands())
          changed |= widenBoth(halos[value], halos[operand]);
  }
  return halos;
}

bool Blocks::moves(Operation *op) const { return movesBlocks(op, target.getLanes()); }

bool Blocks::mayBeBlocked(Value value) const {
  Operation *op = value.getDefiningOp();
  auto isKnown = [&](Operation *other) { return knowsImages(other) || moves(other); };
  return isKnown(op) && llvm::all_of(value.getUsers(), isKnown) &&
         (moves(op) || canWrite(cast<KernelOp>(op)));
}

bool Blocks::canWrite(KernelOp box) const {
  ConvOp conv = getFirst<ConvOp>(box);
  return keepsLayout(box) || isElementwiseOnImages(box) ||
         (conv && getConvForm(conv, target) != ConvForm::rows);
}

/// Whether a box resizes nothing but the height and width of an image.
static bool resizesPixels(KernelOp box) {
  ResizeOp resize = getFirst<ResizeOp>(box);
  return resize && isImage(box.getResult(0)) &&
         llvm::all_of(resize.getResizedDims(), [](const auto &dim) { return dim.dim >= 2; });
}

/// Whether a box writes blocks where it reads them, and nowhere else.
bool Blocks::keepsLayout(KernelOp box) const {
  ConvOp conv = getFirst<ConvOp>(box);
  return getFirst<PoolOp>(box) || resizesPixels(box) ||
         (conv && getConvForm(conv, target) == ConvForm::channels);
}

bool Blocks::isPossible(Value value) const {
  auto canReadAll = [&] {
    return llvm::all_of(value.getUses(), [&](OpOperand &use) { return canRead(use); });
  };
  if (Operation *op = value.getDefiningOp(); moves(op))
    return llvm::all_of(op->getOperands(), [&](Value operand) { return contains(operand); }) &&
           canReadAll();
  auto producer = value.getDefiningOp<KernelOp>();
  if (isCopy(producer))
    return canReadAll();
  if (isElementwiseOnImages(producer))
    return isBlockedThroughout(producer) && canReadAll();
  if (keepsLayout(producer) && !contains(producer.getInputs()[0]))
    return false;
  // So does what a convolution and a shortcut become together.
  for (OpOperand &operand : producer->getOpOperands())
    if (isShortcut(operand) && !contains(operand.get()))
      return false;
  return canReadAll();
}

/// Whether all images of an elementwise box lie in blocks, operands (at least one) and results.
bool Blocks::isBlockedThroughout(KernelOp box) const {
  PlannedType type = cast<PlannedType>(box.getResult(0).getType());
  auto isWhole = [&](Value input) {
    return cast<PlannedType>(input.getType()).getDims() == type.getDims();
  };
  auto areInBlocks = [&](ValueRange values) {
    return llvm::all_of(values, [&](Value value) { return contains(value); });
  };
  auto wholes = llvm::to_vector(llvm::make_filter_range(box.getInputs(), isWhole));
  return !wholes.empty() && areInBlocks(wholes) && areInBlocks(box.getResults());
}

bool Blocks::isShortcut(OpOperand &use) const {
  auto box = cast<KernelOp>(use.getOwner());
  return getFirst<ConvOp>(box) && use.get().getType() == box.getResult(0).getType() &&
         llvm::any_of(getArgument(use).getUsers(),
                      [](Operation *user) { return isa<ElementwiseOpInterface>(user); });
}

bool Blocks::canRead(OpOperand &use) const {
  if (moves(use.getOwner()))
    return contains(use.getOwner()->getResult(0));
  auto box = dyn_cast<KernelOp>(use.getOwner());
  if (!box || !knowsImages(box))
    return false;
  if (isCopy(box))
    return true;
  if (ReduceOp reduce = getFirst<ReduceOp>(box))
    return reduce.isOverPixels();
  ConvOp conv = getConvOfInput(use);
  if (!canWrite(box) || (conv && !hasWholeBlocks(conv, target)))
    return false;
  if (isElementwiseOnImages(box))
    return isBlockedThroughout(box);
  if (keepsLayout(box) || isShortcut(use))
    return contains(box.getResult(0));
  return static_cast<bool>(conv);
}
