// Convolutions in Winograd's form read and write blocks of channels alone. Where another box forces
// an image to lie planar, and the form saves more than it takes to write the image once more, a box
// that copies from one layout to the other goes in between. So does one where channels become
// pixels: a kernel of its own for that would be a copy, too. Direct convolutions can read planar
// images, but each channel of a tile is elsewhere in memory: those of many products get a copy.

#include "Blocks.h"

#include "dlc/IR/Program.h"
#include "dlc/Schedule/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-insert-reorders"

namespace dlc {
#define GEN_PASS_DEF_INSERTREORDERS
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Cycles for each element that is read in one layout and written in the other.
static constexpr double cyclesPerElement = 2;

namespace {
class Reorders {
public:
  Reorders(func::FuncOp function, TargetAttr target, const WinogradGains &gains)
      : function(function), target(target), gains(gains) {}

  void insert();

private:
  bool isWorthwhile(KernelOp box, const Blocks &blocks);
  bool losesByPlanes(KernelOp box, const Blocks &blocks);
  void blockOperand(OpOperand &operand, const Blocks &blocks);
  void unblockUses(Value value, const Blocks &blocks);

  func::FuncOp function;
  TargetAttr target;
  const WinogradGains &gains;
  DenseMap<std::pair<Value, Block *>, Value> copies; ///< in blocks, of values that are not
};
} // namespace

static double countElements(Value value) {
  ArrayRef<ExprAttr> dims = cast<PlannedType>(value.getType()).getDims();
  auto elements = static_cast<double>(dims[0].getConstant().value_or(1));
  for (ExprAttr dim : dims.drop_front())
    elements *= static_cast<double>(dim.getConstant().value_or(usualSize));
  return elements;
}

/// Whether the form saves more cycles than the copies which it needs take.
bool Reorders::isWorthwhile(KernelOp box, const Blocks &blocks) {
  ConvOp conv = getFirst<ConvOp>(box);
  double gain = conv ? gains.get(conv) : 0;
  if (gain <= 0)
    return false;
  double elements = blocks.contains(box.getResult(0)) ? 0 : countElements(box.getResult(0));
  for (OpOperand &operand : box->getOpOperands())
    if ((getConvOfInput(operand) || blocks.isShortcut(operand)) && !blocks.contains(operand.get()))
      elements += countElements(operand.get());
  return elements != 0 && elements * cyclesPerElement < gain;
}

/// Whether the planes of an image lie whole pages apart, so that what a tile reads of its channels
/// competes for a few places in the caches.
static bool hasPlanesOfPages(PlannedType image) {
  constexpr int64_t pageElements = 1024;
  std::optional<int64_t> height = image.getDim(2).getConstant(),
                         width = image.getDim(3).getConstant();
  return height && width && *height * *width != 0 && *height * *width % pageElements == 0;
}

/// Whether a direct convolution loses more cycles by reading planes than a copy takes.
bool Reorders::losesByPlanes(KernelOp box, const Blocks &blocks) {
  constexpr double lossOfPlanes = 0.3, lossOfPages = 1.5; // of the convolution's own cycles
  constexpr int64_t fewVectors = 2;
  ConvOp conv = getFirst<ConvOp>(box);
  if (!conv || getConvForm(conv, target) != ConvForm::direct)
    return false;
  PlannedType image = conv.getInput().getType(), filter = conv.getFilter().getType();
  auto input = dyn_cast<BlockArgument>(conv.getInput());
  if (!input || blocks.contains(box.getInputs()[input.getArgNumber()]) ||
      *image.getDim(1).getConstant() < fewVectors * target.getLanes())
    return false;
  double cycles = 1.0 / (2 * target.getLanes()); // for each element of the input
  for (int64_t dim : {0, 2, 3})
    cycles *= static_cast<double>(*filter.getDim(dim).getConstant());
  for (int64_t stride : conv.getStrides())
    cycles /= static_cast<double>(stride);
  cycles /= static_cast<double>(conv.getGroup());
  return cycles * (hasPlanesOfPages(image) ? lossOfPages : lossOfPlanes) > cyclesPerElement;
}

/// Gives the box at `operand` a copy in blocks of what does not lie so.
void Reorders::blockOperand(OpOperand &operand, const Blocks &blocks) {
  if (blocks.contains(operand.get()))
    return;
  Operation *box = operand.getOwner();
  Value &known = copies[{operand.get(), box->getBlock()}];
  if (!known) {
    OpBuilder builder(box);
    known = createCopy(builder, operand.get().getLoc(), operand.get(),
                       cast<PlannedType>(operand.get().getType()));
  }
  operand.set(known);
}

/// Gives those who cannot read blocks a copy.
void Reorders::unblockUses(Value value, const Blocks &blocks) {
  SmallVector<OpOperand *> others;
  for (OpOperand &use : value.getUses())
    if (!blocks.canRead(use))
      others.push_back(&use);
  if (others.empty())
    return;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  Value planar = createCopy(builder, value.getLoc(), value, cast<PlannedType>(value.getType()));
  for (OpOperand *use : others)
    use->set(planar);
}

void Reorders::insert() {
  SetVector<KernelOp> boxes;
  DenseSet<Value> pinned;
  auto pin = [&](KernelOp box) {
    boxes.insert(box);
    pinned.insert(box.getResult(0));
  };
  function.walk([&](KernelOp box) {
    if (shufflesPixels(box))
      pin(box);
  });
  Blocks before(function, target, pinned);
  DenseSet<KernelOp> readers; // whose inputs are to lie in blocks
  function.walk([&](KernelOp box) {
    if (isWorthwhile(box, before)) {
      readers.insert(box);
      pin(box);
    }
  });
  Blocks after = readers.empty() ? before : Blocks(function, target, pinned);
  function.walk([&](KernelOp box) {
    if (losesByPlanes(box, after))
      readers.insert(box);
  });
  for (KernelOp box : boxes)
    unblockUses(box.getResult(0), after);
  function.walk([&](KernelOp box) {
    for (OpOperand &operand : box->getOpOperands())
      if ((readers.contains(box) && getConvOfInput(operand)) ||
          (boxes.contains(box) && after.isShortcut(operand)))
        blockOperand(operand, after);
  });
}

namespace {
struct InsertReorders : dlc::impl::InsertReordersBase<InsertReorders> {
  using InsertReordersBase::InsertReordersBase;

  void runOnOperation() override {
    FailureOr<TargetAttr> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    WinogradGains gains = winograd ? WinogradGains(getOperation(), *target) : WinogradGains();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!getDevice(function)) // all values lie dense there
        Reorders(function, *target, gains).insert();
  }
};
} // namespace
